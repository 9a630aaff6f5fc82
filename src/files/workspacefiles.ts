import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { baseName } from '../format';
import { checkSize, decodeFile, type IFormFile } from './filetext';

/** The text of a file of the workspace, whatever its encoding. */
export async function readWorkspaceFile(
  files: Pick<Contents.IManager, 'get' | 'localPath'>,
  path: string,
  trans: TranslationBundle
): Promise<IFormFile> {
  const filename = baseName(files.localPath(path));
  const { size } = await files.get(path, { content: false });
  checkSize(size ?? 0, filename, trans);
  const { content } = await files.get(path, {
    type: 'file',
    format: 'base64',
    content: true
  });
  const bytes = Uint8Array.from(atob(String(content)), letter =>
    letter.charCodeAt(0)
  );
  return { text: decodeFile(bytes, filename, trans), filename };
}

/** The text of a file of the user's own machine. */
export async function readUpload(
  file: File,
  trans: TranslationBundle
): Promise<IFormFile> {
  checkSize(file.size, file.name, trans);
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { text: decodeFile(bytes, file.name, trans), filename: file.name };
}
