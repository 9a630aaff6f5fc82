import { nullTranslator } from '@jupyterlab/translation';

import type { Environment, Kernel } from '../_models';
import type { EnvManagerModel } from '../model';
import { bannerState } from '../notebook/bannerstate';
import { choices, isCurrent } from '../notebook/notebookmenu';
import { notebookState } from '../notebook/notebookstate';
import type { IOrigin } from '../notebook/origin';
import { switchTo } from '../notebook/switching';
import { type FakeServer, makeJob, makeModel } from './fakes';

const trans = nullTranslator.load('test');

function environment(change: Partial<Environment>): Environment {
  const name = change.name ?? 'hfrl';
  return {
    id: `id-${name}`,
    name,
    prefix: `/envs/${name}`,
    kind: 'named',
    location: '/envs',
    python: '3.11.4',
    languages: [{ name: 'python', version: '3.11.4' }],
    packages: 12,
    size: 1,
    writable: true,
    protected: false,
    protected_reason: '',
    state: 'ready',
    problem: null,
    kernels: [name],
    cuda: null,
    modified: 1,
    job: null,
    frozen: false,
    unchangeable: '',
    gpu: null,
    gpu_checked: null,
    gpu_outdated: false,
    owner: '',
    group: null,
    ...change
  };
}

function kernel(change: Partial<Kernel>): Kernel {
  const name = change.name ?? 'hfrl';
  return {
    name,
    display_name: `The ${name}`,
    language: 'python',
    path: `/kernels/${name}`,
    environment: `id-${name}`,
    prefix: `/envs/${name}`,
    stamped: true,
    writable: true,
    scope: 'me',
    orphan: false,
    orphan_reason: '',
    problems: [],
    check: null,
    ...change
  };
}

/** What the server says of a kernel that starts another environment's Python. */
const ELSEWHERE = {
  code: 'wrong_python' as const,
  message: 'It is a kernel of hfrl, but starts /x/bin/python.',
  hint: 'Write it anew for hfrl.',
  remedy: 'register' as const,
  packages: [],
  proposal: null
};

const ORIGIN: IOrigin = {
  kernel: 'hfrl',
  displayName: 'HFRL',
  description: {
    name: 'hfrl',
    specs: ['pandas'],
    pypi: [],
    channels: [],
    lock: '',
    python: '3.11'
  }
};

let model: EnvManagerModel;
let server: FakeServer;

async function know(
  environments: Environment[],
  kernels: Kernel[]
): Promise<void> {
  server.answers['GET environments'] = [200, { environments, problems: [] }];
  server.answers['GET kernels'] = [200, { kernels }];
  await model.refresh();
}

beforeEach(() => ({ model, server } = makeModel()));
afterEach(() => model.dispose());

describe('The toolbar item', () => {
  const state = (name: string) => notebookState(name, 'Display', model, trans);

  it('shows the environment of the kernel', async () => {
    await know([environment({ cuda: '12.6' })], [kernel({})]);
    expect(state('hfrl')).toMatchObject({
      kind: 'ready',
      name: 'hfrl',
      detail: 'Python 3.11',
      gpu: true
    });
    expect(state('hfrl').title).toContain('CUDA 12.6');
  });

  it('shows the kernel where its environment is not known', async () => {
    await know([], [kernel({ name: 'far', environment: null })]);
    expect(state('far')).toMatchObject({ kind: 'unknown', name: 'The far' });
    expect(state('newer')).toMatchObject({ kind: 'unknown', name: 'Display' });
  });

  it('says that there is no kernel', () => {
    expect(state('')).toMatchObject({ kind: 'none', name: 'Display' });
  });

  it('says why an environment is broken', async () => {
    const problem = {
      code: 'broken',
      message: 'Its Python is gone.',
      hint: 'Go back.',
      field: null,
      details: {}
    };
    await know([environment({ state: 'broken', problem })], [kernel({})]);
    expect(state('hfrl').kind).toBe('broken');
    expect(state('hfrl').title).toContain('Its Python is gone. · Go back.');
  });

  it.each(['orphan', 'broken', 'no_launcher', 'wrong_python'] as const)(
    'marks a kernel with the problem %s, and says why',
    async code => {
      const problems = [{ ...ELSEWHERE, code }];
      await know([environment({})], [kernel({ problems })]);
      expect(state('hfrl').kind).toBe('broken');
      expect(state('hfrl').title).toContain(ELSEWHERE.message);
    }
  );

  it('does not mind two kernels of one name', async () => {
    const problems = [{ ...ELSEWHERE, code: 'duplicate_name' as const }];
    await know([environment({})], [kernel({ problems })]);
    expect(state('hfrl').kind).toBe('ready');
  });

  it('says that a job works on it', async () => {
    server.answers['GET jobs'] = [
      200,
      { jobs: [makeJob({ id: 'j9', title: 'Change hfrl' })] }
    ];
    await know([environment({ job: 'j9' })], [kernel({})]);
    expect(state('hfrl').kind).toBe('busy');
    expect(state('hfrl').title).toContain('Change hfrl');
  });
});

describe('The menu', () => {
  it('lists the current environment first, and each kernel of several', async () => {
    await know(
      [
        environment({ name: 'alpha', kernels: [] }),
        environment({ kernels: ['hfrl', 'hfrl-gpu'] }),
        environment({ name: 'zoo', state: 'building' })
      ],
      [kernel({}), kernel({ name: 'hfrl-gpu', environment: 'id-hfrl' })]
    );
    const all = choices(model, 'hfrl-gpu', trans);
    expect(all.map(({ label }) => label)).toEqual([
      'hfrl · The hfrl',
      'hfrl · The hfrl-gpu',
      'alpha · Python 3.11',
      'zoo · Python 3.11'
    ]);
    expect(all.map(choice => isCurrent(choice, 'hfrl-gpu'))).toEqual([
      false,
      true,
      false,
      false
    ]);
    expect(all[3].disabled).not.toBe('');
  });
});

it('The menu marks a kernel that cannot be relied on', async () => {
  await know([environment({})], [kernel({ problems: [ELSEWHERE] })]);
  expect(choices(model, '', trans)).toMatchObject([
    {
      label: 'hfrl · Python 3.11 · starts another Python',
      disabled: '',
      trouble: ELSEWHERE.message
    }
  ]);
});

describe('Switching', () => {
  const session = (running: string, changed: string[]) =>
    ({
      session: { kernel: { name: running } },
      changeKernel: async ({ name }: { name: string }) => changed.push(name)
    }) as never;
  const kernelspecs = { specs: null, refreshSpecs: async () => undefined };

  it('registers a kernel where there is none', async () => {
    const alpha = environment({ name: 'alpha', kernels: [] });
    await know([alpha], []);
    server.answers['POST kernels'] = [200, kernel({ name: 'alpha' })];
    const changed: string[] = [];
    await switchTo(
      { model, kernelspecs: kernelspecs as never },
      session('other', changed),
      alpha
    );
    expect(changed).toEqual(['alpha']);
    expect(server.bodies).toEqual([{ environment: 'id-alpha' }]);
  });

  it('takes the kernel there is, and keeps one that runs', async () => {
    await know([environment({})], [kernel({})]);
    const options = { model, kernelspecs: kernelspecs as never };
    const changed: string[] = [];
    await switchTo(options, session('other', changed), environment({}));
    await switchTo(options, session('hfrl', changed), environment({}));
    expect(changed).toEqual(['hfrl']);
    expect(server.count('POST kernels')).toBe(0);
  });
});

describe('The banner', () => {
  const state = (running: string, origin: IOrigin | null = ORIGIN) =>
    bannerState({ origin, running }, model);

  it('is silent while nothing is known', () => {
    expect(state('')).toBeNull();
  });

  it('is silent where the kernel is here', async () => {
    await know([environment({})], [kernel({})]);
    expect(state('')).toBeNull();
    expect(state('hfrl')).toBeNull();
  });

  it('is silent about a notebook that tells nothing', async () => {
    await know([], []);
    const nothing = { kernel: null, displayName: null, description: null };
    expect(state('', nothing)).toBeNull();
    expect(state('', null)).toBeNull();
  });

  it('says what is missing, and what runs instead', async () => {
    await know([environment({ name: 'other' })], [kernel({ name: 'other' })]);
    expect(state('')).toMatchObject({ kind: 'missing', instead: null });
    expect(state('other')).toMatchObject({
      kind: 'missing',
      namesake: null,
      instead: { name: 'other' }
    });
  });

  it('is silent where the user has chosen another one', async () => {
    await know([environment({ name: 'other' })], [kernel({ name: 'other' })]);
    const chosen = { kernel: 'other', displayName: null, description: null };
    expect(state('other', chosen)).toBeNull();
  });

  it('offers an environment of the same name', async () => {
    await know([environment({ kernels: [] })], []);
    expect(state('')).toMatchObject({ namesake: { id: 'id-hfrl' } });
  });

  it('says that the kernel starts another Python', async () => {
    await know([environment({})], [kernel({ problems: [ELSEWHERE] })]);
    expect(state('hfrl')).toMatchObject({
      kind: 'broken',
      trouble: { code: 'wrong_python', message: ELSEWHERE.message }
    });
  });

  it('says what is wrong with the kernel, whether it runs or not', async () => {
    const orphan = kernel({
      orphan: true,
      orphan_reason: 'The folder /envs/hfrl is gone.',
      environment: null
    });
    await know([], [orphan]);
    for (const running of ['', 'hfrl']) {
      expect(state(running)).toMatchObject({
        kind: 'broken',
        trouble: { message: 'The folder /envs/hfrl is gone.' }
      });
    }
  });
});
