import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Activation, Environment } from '../_models';
import { toProblem } from '../api';
import type { IEnvManagerModel } from '../tokens';
import { showProblem } from '../widgets/dialogs';

/** Open a terminal in which an environment is active. */
export async function openTerminal(
  { commands, serviceManager }: JupyterFrontEnd,
  model: IEnvManagerModel,
  environment: Environment,
  trans: TranslationBundle
): Promise<void> {
  try {
    const { name } = await model.inside(environment.id).terminal();
    if (commands.hasCommand('terminal:open')) {
      await commands.execute('terminal:open', { name });
    } else {
      // Notebook has a page for each terminal.
      window.open(
        URLExt.join(
          serviceManager.serverSettings.baseUrl,
          'terminals',
          encodeURIComponent(name)
        ),
        '_blank'
      );
    }
  } catch (error) {
    await showProblem(
      trans.__('No terminal in %1', environment.name),
      toProblem(error),
      trans
    );
  }
}

/** Copy the lines that activate an environment, or the lines for a batch script. */
export async function copyActivation(
  model: IEnvManagerModel,
  environment: Environment,
  part: keyof Activation,
  trans: TranslationBundle
): Promise<void> {
  try {
    const activation = await model.inside(environment.id).activation();
    Clipboard.copyToSystem(activation[part]);
    Notification.info(
      part === 'job'
        ? trans.__('The lines for a job script are copied.')
        : trans.__('The activation lines are copied.'),
      { autoClose: 2000 }
    );
  } catch (error) {
    await showProblem(trans.__('Nothing was copied'), toProblem(error), trans);
  }
}
