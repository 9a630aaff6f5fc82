import { nullTranslator } from '@jupyterlab/translation';

import type { Environment, Export } from '../_models';
import { WorkspaceFolder } from '../files/workspacefolder';
import { exportEnvironment } from '../share/exportdialog';
import { until } from './fakes';

const file: Export = {
  format: 'environment.yml',
  filename: 'torch.yml',
  content: 'name: torch\n',
  problems: []
};

function find<T extends HTMLElement>(selector: string, text = ''): T {
  return [
    ...document.querySelectorAll<T>(`.jp-EnvManager-exportDialog ${selector}`)
  ].find(node => node.textContent!.includes(text))!;
}

it('the focus stays in the dialog, and is never lost', async () => {
  const taken = ['torch.yml'];
  const folder = {
    name: '',
    localPath: (path: string) => path,
    has: async (name: string) => taken.includes(name),
    freeName: async () => 'torch-1.yml',
    save: async (name: string) => name
  } as Partial<WorkspaceFolder> as WorkspaceFolder;
  const done = exportEnvironment({
    environment: { name: 'torch' } as Environment,
    inside: { export: async () => file },
    folder,
    onOpen: null,
    trans: nullTranslator.load('test')
  });
  await until(() => find('textarea') !== undefined);

  const close = find('.jp-Dialog-button');
  close.focus();
  close.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'Tab', bubbles: true })
  );
  expect(document.activeElement).toBe(find('select'));

  find('button', 'Save in the workspace').click();
  await until(() => find('button', 'Replace it') !== undefined);
  find('button', 'Save as torch-1.yml').focus();
  find('button', 'Save as torch-1.yml').click();
  await until(
    () => find('[role=status]', 'Saved as torch-1.yml') !== undefined
  );
  expect(document.activeElement).toBe(find('button', 'Save in the workspace'));
  close.click();
  await done;
});
