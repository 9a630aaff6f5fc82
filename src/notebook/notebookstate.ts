import type { ISessionContext } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment, Kernel, KernelProblem } from '../_models';
import { baseName, joinParts } from '../format';
import type { IEnvManagerModel } from '../tokens';

/** What is to be said about the environment that a notebook runs in. */
export interface INotebookState {
  /** `none` without a kernel, `unknown` with one of no environment that is known. */
  readonly kind: 'none' | 'unknown' | 'ready' | 'busy' | 'broken';
  /** The environment, or else the kernel. */
  readonly name: string;
  /** More words where there is room: the Python. */
  readonly detail: string;
  /** Whether its packages are made for CUDA. */
  readonly gpu: boolean;
  /** All of it, and why it is as it is. */
  readonly title: string;
  /** The environment. */
  readonly environment: Environment | null;
}

/** The name of the kernel that a notebook runs; empty without one. */
export function kernelName(session: ISessionContext): string {
  return session.session?.kernel?.name ?? '';
}

/** What an environment is called. */
export function environmentName({ name, prefix }: Environment): string {
  return name || baseName(prefix);
}

/** `Python 3.11`; the first other language of an environment without Python; empty when it has none. */
export function languageOf({ python, languages }: Environment): string {
  const language = languages[0];
  const version = python ?? language?.version ?? '';
  const name = python ? 'Python' : (language?.name ?? '');
  const short = /^\d+\.\d+/.exec(version)?.[0] ?? version;
  return `${name} ${short}`.trim();
}

/** The environment of a kernel. */
export function environmentOf(
  kernel: string,
  model: IEnvManagerModel
): Environment | null {
  const id = model.kernel(kernel)?.environment;
  return (id ? model.environment(id) : null) ?? null;
}

/** Why a kernel cannot be relied on. */
export interface ITrouble {
  /** What is the matter. */
  readonly message: string;
  /** What to do; empty where nothing helps. */
  readonly hint: string;
  /** What kind of problem the kernel has; `environment` where it is not the kernel's. */
  readonly code: KernelProblem['code'] | 'environment';
}

const GRAVE: KernelProblem['code'][] = [
  'orphan',
  'broken',
  'no_launcher',
  'wrong_python'
];

/** What keeps a kernel from running in its environment, as the server sees it. */
export function graveProblem(
  kernel: Kernel | undefined
): KernelProblem | undefined {
  return kernel?.problems?.find(({ code }) => GRAVE.includes(code));
}

/** Why a kernel cannot be relied on: its environment is gone, broken, or another; null when it can. */
export function trouble(
  kernel: Kernel | undefined,
  environment: Environment | null
): ITrouble | null {
  if (environment?.state === 'broken') {
    const { message = '', hint = '' } = environment.problem ?? {};
    return { message, hint, code: 'environment' };
  }
  const problem = graveProblem(kernel);
  if (problem) {
    // To remove the kernel is no remedy for the notebook that needs one.
    const hint = problem.remedy === 'remove' ? '' : problem.hint;
    return { message: problem.message, hint, code: problem.code };
  }
  return kernel?.orphan
    ? { message: kernel.orphan_reason, hint: '', code: 'orphan' }
    : null;
}

/** What is to be said about the environment of a running kernel; `display` is what JupyterLab calls it. */
export function notebookState(
  name: string,
  display: string,
  model: IEnvManagerModel,
  trans: TranslationBundle
): INotebookState {
  if (!name) {
    return plain('none', display || trans.__('No kernel'), '');
  }
  const kernel = model.kernel(name);
  const environment = environmentOf(name, model);
  const wrong = trouble(kernel, environment);
  if (!environment) {
    const title = model.get('kernels').data
      ? trans.__('This kernel belongs to no environment that is known here.')
      : '';
    const label = kernel?.display_name ?? (display || name);
    return wrong
      ? plain('broken', label, joinParts(wrong.message, wrong.hint))
      : plain('unknown', label, title);
  }
  const detail = languageOf(environment);
  const job = environment.job === null ? null : model.job(environment.job);
  const words = wrong
    ? [wrong.message, wrong.hint]
    : [
        job?.title ??
          (environment.job !== null && trans.__('A job works on it'))
      ];
  const gpu = environment.cuda
    ? trans.__('GPU: CUDA %1', environment.cuda)
    : null;
  return {
    kind: wrong ? 'broken' : environment.job !== null ? 'busy' : 'ready',
    name: environmentName(environment),
    detail,
    gpu: environment.cuda !== null,
    title: [
      joinParts(environmentName(environment), detail, gpu),
      joinParts(...words),
      environment.prefix
    ]
      .filter(Boolean)
      .join('\n'),
    environment
  };
}

function plain(
  kind: INotebookState['kind'],
  name: string,
  reason: string
): INotebookState {
  const title = [name, reason].filter(Boolean).join('\n');
  return { kind, name, detail: '', gpu: false, title, environment: null };
}
