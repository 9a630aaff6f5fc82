import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { toProblem } from '../api';
import { chooseFile } from '../files/filedialog';
import type { IDropActions } from '../files/filedrop';
import { isArchive, type IFormFile } from '../files/filetext';
import { readUpload, readWorkspaceFile } from '../files/workspacefiles';
import { CommandIDs } from '../tokens';
import { showProblem } from '../widgets/dialogs';
import { archiveName } from './formsource';
import type { IFormValues } from './formvalues';

/** Let the user choose a file to make an environment from; null when they would rather not. */
export async function choosePath(
  documents: IDocumentManager | null,
  trans: TranslationBundle
): Promise<string | null> {
  return (
    documents &&
    chooseFile(
      documents,
      trans.__('New environment from a file'),
      () => true,
      trans
    )
  );
}

/** Open the form of a new environment with a file, or an archive, of the workspace. */
export async function createFrom(
  { commands, serviceManager }: JupyterFrontEnd,
  path: string,
  trans: TranslationBundle
): Promise<unknown> {
  const { contents } = serviceManager;
  if (isArchive(path)) {
    const archive = contents.localPath(path);
    const name = archiveName(archive);
    return open(commands, { start: 'archive', archive, name, proposed: name });
  }
  return openWith(
    commands,
    () => readWorkspaceFile(contents, path, trans),
    trans
  );
}

/** What is done with files that are dropped where no form is: one is opened with them. */
export function dropActions(
  commands: CommandRegistry,
  trans: TranslationBundle
): IDropActions {
  return {
    onFile: file =>
      void openWith(commands, () => readUpload(file, trans), trans),
    onPath: path => void commands.execute(CommandIDs.createFromFile, { path })
  };
}

async function openWith(
  commands: CommandRegistry,
  read: () => Promise<IFormFile>,
  trans: TranslationBundle
): Promise<unknown> {
  let file: IFormFile;
  try {
    file = await read();
  } catch (error) {
    const title = trans.__('This file cannot be used');
    return showProblem(title, toProblem(error), trans);
  }
  return open(commands, { start: 'file', file });
}

function open(
  commands: CommandRegistry,
  values: Partial<IFormValues>
): Promise<unknown> {
  return commands.execute(CommandIDs.create, {
    reuse: true,
    values: { ...values } as never
  });
}
