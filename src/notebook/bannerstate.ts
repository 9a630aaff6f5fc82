import type { Environment, Kernel } from '../_models';
import type { IEnvManagerModel } from '../tokens';
import {
  environmentName,
  environmentOf,
  type ITrouble,
  trouble
} from './notebookstate';
import type { IOrigin } from './origin';
import { startableKernels } from './switching';

/** What is to be said at the top of a notebook. */
export type BannerState =
  | {
      /** What the notebook was made in is not here. */
      readonly kind: 'missing';
      /** An environment of the same name that is here. */
      readonly namesake: Environment | null;
      /** The kernel that JupyterLab has taken instead; null without one. */
      readonly instead: Kernel | null;
    }
  | {
      /** What its kernel runs in is broken or gone. */
      readonly kind: 'broken';
      /** The kernel. */
      readonly kernel: Kernel;
      /** Its environment, if that is there. */
      readonly environment: Environment | null;
      /** What is the matter. */
      readonly trouble: ITrouble;
    };

/** What is known of a notebook's kernel. */
export interface IBannerInput {
  /** Where the notebook was made; null while its file is being read. */
  origin: IOrigin | null;
  /** The name of the kernel that runs; empty without one. */
  running: string;
}

/** Decide what to say; null for nothing. */
export function bannerState(
  { origin, running }: IBannerInput,
  model: IEnvManagerModel
): BannerState | null {
  const known = model.get('kernels').data && model.get('environments').data;
  if (!origin || !known) {
    return null;
  }
  const wanted = origin.kernel ? model.kernel(origin.kernel) : undefined;
  const kernel = model.kernel(running) ?? (running ? undefined : wanted);
  if (kernel) {
    const environment = environmentOf(kernel.name, model);
    const wrong = trouble(kernel, environment);
    if (wrong) {
      return { kind: 'broken', kernel, environment, trouble: wrong };
    }
  }
  const told = origin.kernel !== null || origin.description !== null;
  if (wanted || !told || (running && running === origin.kernel)) {
    return null;
  }
  return {
    kind: 'missing',
    namesake: namesake(origin, model),
    instead: (running && model.kernel(running)) || null
  };
}

function namesake(
  { description }: IOrigin,
  model: IEnvManagerModel
): Environment | null {
  const { environments } = model.get('environments').data!;
  const found = environments.find(
    environment =>
      environment.state === 'ready' &&
      environmentName(environment) === description?.name &&
      (environment.python !== null ||
        startableKernels(environment, model).length > 0)
  );
  return found ?? null;
}
