import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';

import { toProblem } from '../api';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { showProblem } from '../widgets/dialogs';
import { takenNames } from './choose';
import { environmentName } from './notebookstate';
import { formValues } from './origin';

/** Fill the form of a new environment with what one that is there is made of. */
export async function saveAs(
  { commands }: JupyterFrontEnd,
  model: IEnvManagerModel,
  id: string,
  trans: TranslationBundle
): Promise<void> {
  const environment = model.environment(id);
  const name = environment ? environmentName(environment) : id;
  try {
    const description = await model.inside(id).description();
    const values = formValues(description, await takenNames(model));
    await commands.execute(CommandIDs.create, {
      values: { ...values } as JSONObject
    });
  } catch (error) {
    const title = trans.__('%1 cannot be saved as a new one', name);
    await showProblem(title, toProblem(error), trans);
  }
}
