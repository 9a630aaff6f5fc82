import { nullTranslator } from '@jupyterlab/translation';

import type { GpuReport, GpuTarget, PlanAction, PlanGpu } from '../_models';
import { makeProblem } from '../api';
import { isAboutTargets } from '../create/gpufield';
import {
  gpuProblem,
  gpuProblemSoFar,
  parseTyped,
  typedName
} from '../gpu/gputyped';
import { targetCards } from '../gpu/targetcards';
import { buildOf, isLookedFor, isSaid, targetWords } from '../plan/plangpu';

const trans = nullTranslator.load('test');

function target(change: Partial<GpuTarget>): GpuTarget {
  return {
    name: 'h100',
    title: 'H100 nodes',
    origin: 'site',
    detail: '',
    cuda: '12.6',
    compute_capability: '9.0',
    memory: null,
    ...change
  };
}

const MACHINE = target({
  name: 'machine',
  title: 'This machine',
  origin: 'machine',
  detail: 'no GPU here',
  cuda: null,
  compute_capability: null
});

describe('another machine', () => {
  it.each([
    [null, null],
    ['h100', null],
    ['cuda=', { cuda: '', arch: '' }],
    ['cuda=12.8', { cuda: '12.8', arch: '' }],
    ['cuda=12.8,arch=9.0', { cuda: '12.8', arch: '9.0' }]
  ])('is read out of %p', (gpu, typed) => {
    expect(parseTyped(gpu)).toEqual(typed);
    if (typed) {
      expect(typedName(typed)).toBe(gpu);
    }
  });

  it('may be typed with a comma for a point', () => {
    expect(typedName({ cuda: '12,8', arch: ' 9,0 ' })).toBe(
      'cuda=12.8,arch=9.0'
    );
  });

  it.each([
    ['cuda=12.8', false, false],
    ['cuda=12.8,arch=10.0', false, false],
    // Nothing is wrong with what is only half typed, but it is not enough.
    ['cuda=', false, true],
    ['cuda=12', false, true],
    ['cuda=12.', false, true],
    ['cuda=12.8,arch=9', false, true],
    ['cuda=abc', true, true],
    ['cuda=999', true, true],
    ['cuda=12.8,arch=x', true, true],
    ['h100', false, false]
  ])('as %p is wrong at once: %p, in the end: %p', (gpu, soFar, wrong) => {
    expect(gpuProblemSoFar(gpu, trans) !== '').toBe(soFar);
    expect(gpuProblem(gpu, trans) !== '').toBe(wrong);
  });

  it.each([
    ['cuda=', 'such as 12.8'],
    ['cuda=12', '“12” lacks'],
    ['cuda=12.', '“12.” lacks'],
    ['cuda=abc', '“abc” is no CUDA version'],
    ['cuda=12.8,arch=9', '“9” lacks'],
    ['cuda=12.8,arch=x', '“x” is no compute capability']
  ])('as %p is told what it lacks: %p', (gpu, words) => {
    expect(gpuProblem(gpu, trans)).toContain(words);
  });
});

describe('the cards', () => {
  const report = { targets: [MACHINE, target({})] } as GpuReport;
  const values = (...args: Parameters<typeof targetCards>) =>
    targetCards(...args).map(({ value }) => value);

  it('have this machine first, known or not', () => {
    expect(values(null, null, false, trans)).toEqual(['machine']);
    expect(values(null, null, true, trans)).toEqual([
      'machine',
      'cpu',
      'cuda='
    ]);
    expect(values(report, null, false, trans)).toEqual([
      'machine',
      'h100',
      'cuda='
    ]);
  });

  it('keep in view what was chosen', () => {
    expect(values(report, 'gone', false, trans)).toContain('gone');
    expect(values(report, 'cuda=12.8', false, trans)).toHaveLength(3);
  });

  it('come with what is wrong with targets, not with devices', () => {
    const about = (code: string) =>
      isAboutTargets(makeProblem(code, 'Something is wrong.', ''));
    expect(about('gpu_target_invalid')).toBe(true);
    expect(about('cuda_override_differs')).toBe(true);
    expect(about('gpu_unreadable')).toBe(false);
  });

  it('say what is known of a target', () => {
    expect(targetCards(report, null, false, trans)).toMatchObject([
      { detail: 'no GPU here' },
      { detail: 'CUDA 12.6 · capability 9.0' },
      {}
    ]);
  });
});

describe('the plan', () => {
  const gpu = (change: Partial<PlanGpu>): PlanGpu => ({
    target: target({}),
    builds: [],
    stop: false,
    ...change
  });
  const build = {
    name: 'pytorch',
    version: '2.7',
    build: 'cuda126_0',
    kind: 'gpu' as const,
    manager: 'conda' as const,
    cuda: '12.6',
    driver: '12.0',
    compute_capability: null,
    reason: ''
  };
  const line = {
    name: 'pytorch',
    manager: 'conda',
    op: 'install'
  } as PlanAction;

  it.each<[Partial<GpuTarget>, string]>([
    [{}, 'GPU: for H100 nodes · CUDA 12.6'],
    [
      { origin: 'custom', title: 'CUDA 12.8', cuda: '12.8' },
      'GPU: for CUDA 12.8'
    ],
    [{ origin: 'cpu', cuda: null }, 'GPU: none, for CPU only'],
    [{ origin: 'machine' }, '']
  ])('for %p says %p', (change, words) => {
    expect(targetWords(gpu({ target: target(change) }), trans)).toBe(words);
  });

  it('says what it is for on this machine where a build depends on its GPU', () => {
    const words = (change: Partial<GpuTarget>) =>
      targetWords(
        gpu({ target: { ...MACHINE, ...change }, builds: [build] }),
        trans
      );
    expect(words({ cuda: '12.4' })).toBe('GPU: for this machine · CUDA 12.4');
    expect(words({})).toBe('');
  });

  it('tells a reason once', () => {
    const reason = '“pytorch-cpu” asks for the CPU build.';
    const slow = { ...build, reason };
    const warning = (message: string, details = {}) => ({
      ...makeProblem('cpu_build', message, ''),
      details
    });
    expect(isSaid(slow, [])).toBe(false);
    expect(isSaid(slow, [warning('jax comes as CPU build.')])).toBe(false);
    expect(isSaid(slow, [warning(`It is slow. ${reason}`)])).toBe(true);
    expect(
      isSaid(slow, [warning('It is slow.', { packages: ['pytorch'] })])
    ).toBe(true);
  });

  it('shows the builds that one looks for', () => {
    const plan = gpu({ builds: [build] });
    expect(buildOf(line, plan)).toBe(build);
    expect(buildOf({ ...line, op: 'remove' }, plan)).toBeUndefined();
    expect(buildOf({ ...line, manager: 'pypi' }, plan)).toBeUndefined();
    expect(isLookedFor(line, plan)).toBe(true);
    const cpu = { ...build, kind: 'cpu' as const };
    expect(isLookedFor(line, gpu({ builds: [cpu] }))).toBe(true);
    expect(isLookedFor(line, gpu({ builds: [cpu], target: MACHINE }))).toBe(
      false
    );
    expect(isLookedFor(line, null)).toBe(false);
  });
});
