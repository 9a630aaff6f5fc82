import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { makeProblem } from '../api';
import type { IEnvManagerModel } from '../tokens';
import { showProblem } from '../widgets/dialogs';
import { choices, type IChoice, isCurrent } from './notebookmenu';
import { environmentName } from './notebookstate';

/** Let the user choose where something is to run; null when they would rather not. */
export async function pickEnvironment(
  model: IEnvManagerModel,
  running: string,
  words: { title: string; okLabel: string },
  trans: TranslationBundle
): Promise<IChoice | null> {
  if (!model.get('environments').data) {
    await model.refresh('environments', 'kernels');
  }
  const { problem } = model.get('environments');
  if (problem) {
    await showProblem(words.title, problem, trans);
  }
  const all = choices(model, running, trans).filter(
    ({ disabled }) => !disabled
  );
  if (!all.length) {
    const message = trans.__('There is no environment to choose yet.');
    await (problem ||
      showProblem(words.title, makeProblem('not_found', message, ''), trans));
    return null;
  }
  // Two may have the same name in different folders.
  const label = (choice: IChoice) =>
    all.filter(other => other.label === choice.label).length > 1
      ? `${choice.label} (${choice.environment.prefix})`
      : choice.label;
  const { value } = await InputDialog.getItem({
    ...words,
    items: all.map(label),
    current: Math.max(
      0,
      all.findIndex(choice => isCurrent(choice, running))
    ),
    cancelLabel: trans.__('Cancel')
  });
  return all.find(choice => label(choice) === value) ?? null;
}

/** The names of environments that are in use. */
export async function takenNames(model: IEnvManagerModel): Promise<string[]> {
  if (!model.get('environments').data) {
    await model.refresh('environments');
  }
  const { data } = model.get('environments');
  return (data?.environments ?? []).map(environmentName);
}
