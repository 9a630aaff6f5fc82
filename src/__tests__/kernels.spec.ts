import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { Kernel, KernelCheck, KernelProblem, Problem } from '../_models';
import { makeProblem } from '../api';
import { checkTitle, outputOf } from '../kernels/kerneldialogs';
import { freeName, lockedReason } from '../kernels/kerneleditor';
import {
  canRemedy,
  canStart,
  countProblems,
  isDoubtful,
  problemToSolve,
  problemWords,
  remedyLabel,
  shortMessage
} from '../kernels/kernelproblems';
import { checkLine } from '../kernels/kernels';
import { EnvManagerModel } from '../model';
import { FakeServer } from './fakes';

const trans = nullTranslator.load('test');

function makeKernel(change: Partial<Kernel> = {}): Kernel {
  return {
    name: 'torch',
    display_name: 'Torch',
    language: 'python',
    path: '/kernels/torch',
    environment: 'e1',
    prefix: '/envs/torch',
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

function makeKernelProblem(change: Partial<KernelProblem>): KernelProblem {
  return {
    code: 'orphan',
    message: 'Its Python is gone.',
    hint: 'Remove it.',
    remedy: 'remove',
    packages: [],
    proposal: null,
    ...change
  };
}

const ORPHAN = makeKernelProblem({});
const TWIN = makeKernelProblem({
  code: 'duplicate_name',
  message: 'Two are called so.',
  hint: '',
  remedy: 'rename',
  proposal: 'Torch (2)'
});
const BARE = makeKernelProblem({
  code: 'no_launcher',
  remedy: 'install',
  packages: ['ipykernel']
});
const MOVED = makeKernelProblem({ code: 'wrong_python', remedy: 'register' });

it('counts kernels with problems, not problems', () => {
  expect(
    countProblems([
      makeKernel(),
      makeKernel({ problems: [ORPHAN, TWIN] }),
      makeKernel({ problems: [TWIN] })
    ])
  ).toBe(2);
  expect(problemWords(makeKernel({ problems: [ORPHAN, TWIN] }))).toBe(
    'Its Python is gone. Remove it.\nTwo are called so.'
  );
});

it.each([
  [ORPHAN, 'Remove', false],
  [TWIN, 'Rename to “Torch (2)”', true],
  [BARE, 'Install ipykernel…', false],
  [MOVED, 'Register again', true]
])('offers one remedy: %#', (problem, label, starts) => {
  const kernel = makeKernel({ problems: [problem] });
  expect(remedyLabel(problem, trans)).toBe(label);
  expect(canRemedy(kernel, problem)).toBe(true);
  expect(canStart(kernel)).toBe(starts);
});

it('offers no remedy that would be refused', () => {
  const locked = makeKernel({ writable: false });
  expect([ORPHAN, TWIN, MOVED].map(one => canRemedy(locked, one))).toEqual([
    false,
    false,
    false
  ]);
  // The environment is changed there, not the kernelspec.
  expect(canRemedy(locked, BARE)).toBe(true);
  expect(canRemedy(makeKernel({ environment: null }), BARE)).toBe(false);
});

it('finds a name that no kernel has', () => {
  const kernels = ['Torch', 'torch (2)'].map(display_name =>
    makeKernel({ display_name })
  );
  expect(freeName('Jax', kernels)).toBe('Jax');
  expect(freeName('Torch', kernels)).toBe('Torch (3)');
  expect(freeName('torch (2)', kernels)).toBe('torch (3)');
});

it('says why a kernel cannot be edited', () => {
  const settings = {
    template: '',
    variables: {},
    modules: [],
    arguments: [],
    user_site: false,
    logo: null,
    argv: [],
    script: '',
    version: ''
  };
  const all = 'display_name logo variables modules arguments user_site';
  const reason = (kernel: Partial<Kernel>, editable: string[]) =>
    lockedReason({ ...settings, kernel: makeKernel(kernel), editable }, trans);
  expect(reason({}, all.split(' '))).toBe('');
  expect(reason({ scope: 'server' }, [])).toContain('JupyterLab runs');
  expect(reason({ writable: false }, [])).toContain('may not write');
  expect(reason({ stamped: false }, ['display_name'])).toContain('not made by');
  expect(reason({}, ['display_name'])).toContain('template');
});

it('tells how a test start went', () => {
  const check = {
    state: 'passed' as const,
    time: Date.now() / 1000,
    seconds: 0.64,
    prefix: null,
    path: [],
    user_site: null,
    banner: '',
    output: '',
    problem: null
  };
  expect(checkLine(makeKernel({ check }), false, trans)).toContain('Answered');
  expect(checkLine(makeKernel({ check }), true, trans)).toContain('under way');
  expect(
    checkLine(
      makeKernel({ check: { ...check, state: 'failed' } }),
      false,
      trans
    )
  ).toBe('Did not start');
});

it('tells a kernel that answered wrongly from one that did not start', () => {
  const check = { state: 'failed', seconds: 0.6 } as KernelCheck;
  expect(isDoubtful(check)).toBe(true);
  expect(checkTitle(makeKernel(), check, trans)).toContain('Torch starts, but');
  const silent = { ...check, seconds: null };
  expect(isDoubtful(silent)).toBe(false);
  expect(checkTitle(makeKernel(), silent, trans)).toBe('Torch did not start');
  const passed = { ...check, state: 'passed' as const };
  expect(isDoubtful(passed)).toBe(false);
});

it('leaves out what every kernel writes, unless it did not answer', () => {
  const usual =
    '[IPKernelApp] WARNING | Kernel is running over TCP without encryption. All';
  const check = { problem: null, output: `${usual}\nloaded cuda\n` };
  const output = (seconds: number | null) =>
    outputOf({ ...check, seconds } as KernelCheck);
  expect(output(0.6)).toBe('loaded cuda');
  expect(output(null)).toBe(`${usual}\nloaded cuda`);
});

it.each([
  [
    '/kernels/torch/kernel.json, line 3: Expecting value.',
    'kernel.json, line 3: Expecting value.'
  ],
  [
    'It starts /home/ann/envs/torch/bin/python, which is not there any more.',
    '…/torch/bin/python is not there any more.'
  ],
  ['It starts /usr/bin/python3.', 'It starts /usr/bin/python3.'],
  ['Two are called “and/or”.', 'Two are called “and/or”.']
])('says where there is little room: %s', (message, short) => {
  expect(shortMessage(makeKernel(), { message })).toBe(short);
});

it('finds the remedy of a test start in what the kernel wrote, unless the files tell', () => {
  const problem = (message: string, remedy?: string) => ({
    ...makeProblem('kernel_failed', message, ''),
    details: remedy ? { remedy } : {}
  });
  const solve = (check: Problem, problems: KernelProblem[] = []) =>
    problemToSolve(makeKernel({ problems }), {
      state: 'failed',
      problem: check
    } as KernelCheck);
  expect(solve(problem('Gone.', 'register'))?.remedy).toBe('register');
  expect(
    solve(problem('ipykernel is not installed.', 'install'))
  ).toMatchObject({ remedy: 'install', packages: ['ipykernel'] });
  expect(solve(problem('Gone.', 'create'))).toBeNull();
  expect(solve(problem('Who knows.'))).toBeNull();
  expect(solve(problem('Gone.', 'register'), [ORPHAN])).toBe(ORPHAN);
});

it('gives a logo another address once its kernel was edited', async () => {
  const server = new FakeServer();
  server.answers['PATCH kernels/torch'] = [200, makeKernel()];
  const resources = { 'logo-64x64': '/k/torch.png' };
  const fetched = jest
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async () => new Response());
  const image = document.body.appendChild(document.createElement('img'));
  image.setAttribute('src', '/k/torch.png');
  const model = new EnvManagerModel({
    serverSettings: server.settings,
    events: { stream: new Signal<object, object>({}) } as never,
    kernelspecs: {
      specs: { kernelspecs: { torch: { resources } } },
      refreshSpecs: async () => undefined
    } as never,
    trans
  });
  expect(model.kernelLogo('other')).toBeNull();
  expect(model.kernelLogo('torch')).toBe('/k/torch.png');
  await model.editKernel('torch', { display_name: 'T' });
  expect(model.kernelLogo('torch')).toMatch(/^\/k\/torch\.png\?changed=\d+$/);
  // What an image element would take from the browser's cache is new as well.
  expect(fetched.mock.calls).toEqual([
    ['/k/torch.png', expect.objectContaining({ cache: 'reload' })]
  ]);
  expect(image.getAttribute('src')).toBe(model.kernelLogo('torch'));
  fetched.mockRestore();
  image.remove();
  model.dispose();
});
