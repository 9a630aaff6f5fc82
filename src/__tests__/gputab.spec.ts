import { nullTranslator } from '@jupyterlab/translation';

import type { GpuRemedy, GpuTarget, Problem } from '../_models';
import { EnvManagerError, makeProblem } from '../api';
import { forChange, targetTitle, withRemedy } from '../environment/remedyitems';
import { checkedWhen, gpuSentence } from '../gpu/gpubadge';
import { GpuProof } from '../gpu/gpuproof';
import {
  gpuItem,
  installItem,
  packageItem,
  pinItem,
  toChange
} from '../plan/pending';
import { makeRemedy as remedy } from './fakes';

const trans = nullTranslator.load('test');
const NOW = new Date(2026, 10, 27, 16, 0);
const seconds = (...date: [number, number, number, number]) =>
  new Date(...date).getTime() / 1000;

describe('a badge', () => {
  it.each([
    [seconds(2026, 10, 27, 0), 'checked today'],
    [seconds(2026, 10, 26, 23), 'checked yesterday'],
    [seconds(2026, 10, 24, 1), 'checked 3 days ago'],
    [seconds(2026, 10, 28, 1), 'checked today']
  ])('at %p says %p', (time, words) => {
    expect(checkedWhen(time, trans, NOW)).toBe(words);
  });

  it('names the day of an old check', () => {
    const words = checkedWhen(seconds(2025, 1, 3, 12), trans, NOW);
    expect(words).toMatch(/^checked on .*2025/);
  });

  it('says that packages have changed since, and nothing of the time of one that runs', () => {
    const old = { state: 'works', time: 1, outdated: true } as const;
    expect(gpuSentence(old, trans)).toBe(
      'GPU works · checked before the last change'
    );
    const now = { state: 'running', time: 1, outdated: false } as const;
    expect(gpuSentence(now, trans)).toBe('checking GPU…');
  });
});

describe('a way out', () => {
  const H100 = { name: 'h100', title: 'H100 nodes' } as GpuTarget;

  const CPU = installItem('pytorch=*=cpu*');
  const PIN = pinItem({ name: 'pytorch', manager: 'conda', version: '2.0' });

  it.each([
    [
      'takes the place of what was asked for',
      [CPU],
      { add: ['pytorch'], remove: ['pytorch=*=cpu*'] },
      { install: ['pytorch'] }
    ],
    [
      'drops what was asked for',
      [installItem('pytorch'), installItem('pytorch-cpu')],
      { remove: ['pytorch-cpu'] },
      { install: ['pytorch'] }
    ],
    [
      'removes what is installed',
      [installItem('pytorch')],
      { remove: ['cpuonly'] },
      { install: ['pytorch'], remove: ['cpuonly'] }
    ],
    [
      'replaces what is installed',
      [],
      { add: ['pytorch'], remove: ['pytorch 2.0.*'] },
      { install: ['pytorch'] }
    ],
    [
      'unpins',
      [installItem('pytorch')],
      { unpin: ['pytorch'] },
      { install: ['pytorch'], unpin: ['pytorch'] }
    ],
    [
      'pins no more',
      [installItem('scipy'), PIN],
      { unpin: ['pytorch'] },
      { install: ['scipy'] }
    ],
    [
      'goes to PyPI',
      [installItem('torch', true)],
      { pypi_remove: ['torch'], pypi_add: ['torch>=2.6'] },
      { pypi: { install: ['torch>=2.6'], requirements: [], remove: [] } }
    ],
    [
      'is another target, in place of the one that was chosen',
      [installItem('pytorch'), gpuItem('h100', 'H100 nodes')],
      { gpu: 'cpu' },
      { install: ['pytorch'], gpu: 'cpu' }
    ]
  ] as [
    string,
    ReturnType<typeof installItem>[],
    Partial<GpuRemedy>,
    object
  ][])('%s', (_, items, change, expected) => {
    expect(toChange(withRemedy(items, remedy(change)))).toEqual(expected);
  });

  it('that is a target is shown by its title', () => {
    const [item] = withRemedy([], remedy({ gpu: 'h100' }), [H100]);
    expect(item).toEqual(gpuItem('h100', 'H100 nodes'));
    expect(targetTitle('cuda=12.8', [H100])).toBe('cuda=12.8');
  });

  it('through other channels is not offered for an environment that is there', () => {
    const remedies = [
      remedy({ channels: ['conda-forge'] }),
      remedy({ gpu: 'cpu' })
    ];
    const problem: Problem = {
      ...makeProblem('cpu_build', 'CPU.', ''),
      details: { remedies, reason: 'x' }
    };
    expect(forChange(problem).details).toEqual({
      remedies: [remedies[1]],
      reason: 'x'
    });
  });

  it('leaves the rest alone', () => {
    const update = packageItem('update', { name: 'scipy', manager: 'conda' });
    expect(withRemedy([update], remedy({}))).toEqual([update]);
  });
});

describe('a check', () => {
  const asked: string[] = [];
  const read = jest.fn(async () => undefined);

  function proof(fail: EnvManagerError | null = null): GpuProof {
    const ask = (name: string) => async () => {
      asked.push(name);
      if (fail) {
        throw fail;
      }
      return {} as never;
    };
    return new GpuProof(
      { checkGpu: ask('begin'), cancelGpuCheck: ask('cancel') },
      read
    );
  }

  beforeEach(() => {
    asked.length = 0;
    read.mockClear();
  });

  it('begins once, however often the button is pressed', async () => {
    const one = proof();
    const begun = one.begin();
    expect(one.busy).toBe(true);
    await Promise.all([begun, one.begin()]);
    expect(asked).toEqual(['begin']);
    expect(read).toHaveBeenCalledTimes(1);
    expect(one.busy).toBe(false);
  });

  it('that cannot begin says why, until the next try', async () => {
    const one = proof(new EnvManagerError(makeProblem('busy', 'No.', ''), 423));
    await one.begin();
    expect(one.problem?.code).toBe('busy');
    const again = one.begin();
    expect(one.problem).toBeNull();
    await again;
  });

  it('that has ended by itself is cancelled without a fuss', async () => {
    const gone = makeProblem('not_found', 'None runs.', '');
    const one = proof(new EnvManagerError(gone, 404));
    await one.cancel();
    expect(one.problem).toBeNull();
    expect(read).toHaveBeenCalledTimes(1);
  });
});
