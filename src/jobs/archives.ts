import { joinPath } from '../format';

/**
 * The path that Jupyter's files have for one of the server's.
 *
 * @param file - its absolute path
 * @param root - the folder that Jupyter shows; null while that is not known
 * @returns null where the file is not below that folder
 */
export function workspacePath(
  file: string,
  root: string | null
): string | null {
  const top = root === null ? null : joinPath(root, '');
  return top !== null && file.startsWith(top) ? file.slice(top.length) : null;
}

/** Let the browser download what has an address. */
export function downloadFrom(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.appendChild(link);
  link.click();
  link.remove();
}
