/** Let the browser save a text as a file of the user's own machine. */
export function download(filename: string, content: string): void {
  // With the type of a text, some browsers add “.txt” to names that they do not know.
  const blob = new Blob([content], { type: 'application/octet-stream' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  document.body.appendChild(link);
  link.click();
  link.remove();
  // Safari reads it later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
