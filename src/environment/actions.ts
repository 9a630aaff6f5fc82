import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment } from '../_models';
import { toProblem } from '../api';
import type { IEnvManagerModel } from '../tokens';
import { confirmRemoval, explain, showProblem } from '../widgets/dialogs';
import { removalHindrance } from './removing';

/** Let the user choose an environment; null when they would rather not. */
export async function chooseEnvironment(
  model: IEnvManagerModel,
  trans: TranslationBundle,
  title = trans.__('Open environment'),
  okLabel = trans.__('Open')
): Promise<string | null> {
  if (!model.get('environments').data) {
    await model.refresh('environments');
  }
  const { data, problem } = model.get('environments');
  if (problem) {
    await showProblem(title, problem, trans);
  }
  const environments = data?.environments ?? [];
  if (!environments.length) {
    return null;
  }
  // Two may have the same name in different folders.
  const label = ({ name, prefix }: Environment) =>
    environments.filter(other => other.name === name).length > 1
      ? `${name} (${prefix})`
      : name;
  const { value } = await InputDialog.getItem({
    title,
    items: environments.map(label),
    okLabel,
    cancelLabel: trans.__('Cancel')
  });
  return environments.find(one => label(one) === value)?.id ?? null;
}

/** Remove an environment, after asking. */
export async function removeEnvironment(
  model: IEnvManagerModel,
  environment: Environment,
  trans: TranslationBundle
): Promise<void> {
  const title = trans.__('%1 cannot be removed', environment.name);
  const hindrance = removalHindrance(environment, trans);
  if (hindrance) {
    await explain(title, hindrance, trans);
    return;
  }
  if (environment.job !== null) {
    await explain(
      title,
      trans.__('A job works on it. Cancel the job first, or wait for it.'),
      trans
    );
    return;
  }
  try {
    const removal = await model.removal(environment.id);
    if (await confirmRemoval(environment, removal, trans)) {
      await model.remove(environment.id);
    }
  } catch (error) {
    await showProblem(title, toProblem(error), trans);
  }
}

/** Cancel a job. */
export async function cancelJob(
  model: IEnvManagerModel,
  id: string,
  trans: TranslationBundle
): Promise<void> {
  try {
    await model.cancel(id);
  } catch (error) {
    await showProblem(
      trans.__('The job cannot be cancelled'),
      toProblem(error),
      trans
    );
  }
}

/** Say that a kernel is gone. */
export async function explainMissingKernel(
  kernel: string,
  trans: TranslationBundle
): Promise<void> {
  await explain(
    trans.__('No notebook'),
    trans.__('The kernel “%1” is not there any more.', kernel),
    trans
  );
}
