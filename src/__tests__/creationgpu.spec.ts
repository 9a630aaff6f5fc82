import type { GpuRemedy } from '../_models';
import type { Creation } from '../create/creation';
import { remedied } from '../create/formremedy';
import { EMPTY_FORM, type IFormValues } from '../create/formvalues';
import { makeCreation, PLAN } from './creations';
import { type FakeServer, makeRemedy as remedy } from './fakes';

let server: FakeServer;
let creation: Creation;
let stop: () => void;

function start(values: Partial<IFormValues> = {}): void {
  ({ server, creation, stop } = makeCreation(values));
}

afterEach(() => stop());

describe('the GPU', () => {
  const stopped = { ...PLAN, gpu: { target: {}, builds: [], stop: true } };

  it('is part of the request unless it is that of this machine', () => {
    start({ name: 'x', gpu: 'h100' });
    expect(creation.request().gpu).toBe('h100');
    creation.setGpu(null);
    expect(creation.request()).not.toHaveProperty('gpu');
  });

  it('that cannot be is refused at its field without asking the server', async () => {
    start({ name: 'x', gpu: 'cuda=abc' });
    await creation.preview();
    expect(creation.problemOf('gpu')).not.toBeNull();
    expect(server.requests).toEqual([]);
    creation.setGpu('cuda=12.8');
    expect(creation.problemOf('gpu')).toBeNull();
  });

  it('stops a plan with a CPU build until that is allowed', async () => {
    start({ name: 'x', specs: ['pytorch'] });
    server.answers['POST environments/preview'] = [200, stopped];
    await creation.preview();
    expect(creation.ready).toBe(false);
    expect(creation.question).toBe('cpu_build');
    await creation.create();
    expect(server.count('POST environments')).toBe(0);
    server.answers['POST environments/preview'] = [200, PLAN];
    await creation.accept();
    expect(creation.ready).toBe(true);
    expect(creation.allows('cpu_build')).toBe(true);
    await creation.create();
    expect(server.bodies.slice(1)).toMatchObject([
      { accept: ['cpu_build'] },
      { accept: ['cpu_build'], plan: 'p1' }
    ]);
  });

  it('is found by a remedy, which is previewed at once', async () => {
    start({ name: 'x', specs: ['pytorch', 'numpy'] });
    server.answers['POST environments/preview'] = [200, stopped];
    await creation.preview();
    server.answers['POST environments/preview'] = [200, PLAN];
    await creation.remedy(remedy({ add: ['pytorch-gpu'], gpu: 'h100' }));
    expect(creation.ready).toBe(true);
    expect(server.bodies[1]).toMatchObject({
      gpu: 'h100',
      source: { specs: ['python', 'pytorch', 'numpy', 'pytorch-gpu'] }
    });
  });

  it('has remedies that need room, and the chip at fault is marked all the same', async () => {
    start({ name: 'x', specs: ['pytorch-gpu'] });
    server.answers['POST environments/preview'] = [
      422,
      {
        code: 'unsatisfiable',
        message: 'The driver is too old.',
        field: 'specs',
        details: { spec: 'pytorch-gpu', remedies: [remedy({})] }
      }
    ];
    await creation.preview();
    expect(creation.problem?.code).toBe('unsatisfiable');
    expect(creation.problemOf('specs')).toBeNull();
    expect(creation.faultySpec).toBe('pytorch-gpu');
  });

  it.each<[Partial<IFormValues>, Partial<GpuRemedy>, Partial<IFormValues>]>([
    [
      { specs: ['pytorch'] },
      { add: ['pytorch=*=cuda*'] },
      { specs: ['pytorch=*=cuda*'] }
    ],
    [
      { specs: ['pytorch-cpu', 'numpy'] },
      { remove: ['pytorch-cpu'] },
      { specs: ['numpy'] }
    ],
    [
      { specs: ['pytorch =2.1'] },
      { remove: ['pytorch=2.1'], add: ['pytorch'] },
      { specs: ['pytorch'] }
    ],
    [
      { python: '3.13', specs: ['pytorch'] },
      { remove: ['python=3.13'], add: ['python=3.12'] },
      { python: '3.12', specs: ['pytorch'] }
    ],
    [
      { specs: ['python=3.13'] },
      { remove: ['python=3.13'], add: ['python>=3.10,<3.13'] },
      { specs: ['python>=3.10,<3.13'] }
    ],
    [
      { pypi: ['cupy'] },
      { pypi_remove: ['cupy'], pypi_add: ['cupy-cuda12x'] },
      { pypi: ['cupy-cuda12x'] }
    ],
    [
      { channels: null, gpu: 'h100' },
      { channels: ['a'], gpu: 'machine' },
      { channels: ['a'], gpu: null }
    ]
  ])('of %p with the remedy %p is %p', (values, change, after) => {
    const before = { ...EMPTY_FORM, ...values };
    expect({ ...before, ...remedied(before, remedy(change)) }).toEqual({
      ...before,
      ...after
    });
  });
});
