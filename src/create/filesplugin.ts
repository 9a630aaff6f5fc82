import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';

import { type Args, argument } from '../commandargs';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- small, and asked by each context menu
import { isArchive, looksLikeSpecs } from '../files/filetext';
import { CommandIDs } from '../tokens';
import { environmentIcon } from '../widgets/icons';

const DOMAIN = 'jupyter_envmanager';

/** Environments from files of the workspace. */
export const filesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:files',
  description:
    'Adds the command that makes an environment from a file of the workspace.',
  autoStart: true,
  requires: [ITranslator],
  optional: [ICommandPalette, IFileBrowserFactory, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    documents: IDocumentManager | null
  ) => {
    const trans = translator.load(DOMAIN);
    addFileCommand(app, browsers, documents, trans);
    if (documents) {
      palette?.addItem({
        command: CommandIDs.createFromFile,
        category: trans.__('Environments'),
        args: { isPalette: true }
      });
    }
  }
};

function addFileCommand(
  app: JupyterFrontEnd,
  browsers: IFileBrowserFactory | null,
  documents: IDocumentManager | null,
  trans: TranslationBundle
): void {
  const selected = () => {
    const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 ? items[0] : undefined;
  };
  const pathOf = (args: Args): string | undefined => {
    if (typeof args['path'] === 'string') {
      return args['path'];
    }
    return args['isPalette'] ? undefined : selected()?.path;
  };
  app.commands.addCommand(CommandIDs.createFromFile, {
    label: args =>
      args['isPalette']
        ? trans.__('New Environment from File…')
        : isArchive(pathOf(args) ?? '')
          ? trans.__('Create Environment from Archive')
          : trans.__('Create Environment from File'),
    caption: args =>
      isArchive(pathOf(args) ?? '')
        ? trans.__('Make an environment of what is packed in this archive')
        : trans.__('Make an environment with what this file names'),
    icon: args => (args['isPalette'] ? undefined : environmentIcon),
    isVisible: args => {
      if (args['isPalette'] || args['path'] !== undefined) {
        return true;
      }
      const item = selected();
      return (
        item !== undefined &&
        item.type !== 'directory' &&
        (looksLikeSpecs(item.name) || isArchive(item.name))
      );
    },
    execute: async args => {
      const { choosePath, createFrom } = await import('./fileactions');
      const path = pathOf(args) ?? (await choosePath(documents, trans));
      return path ? createFrom(app, path, trans) : undefined;
    },
    describedBy: argument(
      'path',
      trans.__(
        'The path of the file in the workspace; without it, the one that is selected'
      )
    )
  });
}
