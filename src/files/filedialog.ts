import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Let the user choose a file of the workspace; null when they would rather not. */
export async function chooseFile(
  manager: IDocumentManager,
  title: string,
  accepts: (name: string) => boolean,
  trans: TranslationBundle
): Promise<string | null> {
  const { FileDialog } = await import('@jupyterlab/filebrowser');
  const { value } = await FileDialog.getOpenFiles({
    manager,
    title,
    label: trans.__('Choose a file'),
    filter: ({ type, name }) =>
      type === 'directory' || accepts(name) ? {} : null
  });
  // The folder comes instead when nothing was chosen in it.
  const chosen = value?.find(({ type }) => type !== 'directory');
  return chosen?.path ?? null;
}
