/** An environment from a file: uploaded, from the file browser, dropped, and with pins that cannot be met. */
import * as fs from 'fs';
import * as path from 'path';

import type { Page } from '@playwright/test';

import { type Environments, expect, type Server, test } from './fixtures';

const NAME = 'forecast';
const GOOD = `name: ${NAME}
channels:
  - conda-forge
dependencies:
  - weather-data=1.0
`;
const BAD = GOOD.replace('weather-data=1.0', 'weather-data=1.0[');

/** Drop a file of the desktop onto an element. */
async function drop(page: Page, selector: string, name: string, text: string) {
  const data = await page.evaluateHandle(
    ([fileName, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], fileName));
      return transfer;
    },
    [name, text]
  );
  await page.dispatchEvent(selector, 'dragover', { dataTransfer: data });
  await page.dispatchEvent(selector, 'drop', { dataTransfer: data });
}

/** Show the text of the file in the form. */
function text(envs: Environments) {
  return envs.form.getByRole('textbox', { name: 'Text of the file' });
}

/** Put a file into the workspace. */
function write(server: Server, name: string, content: string): void {
  fs.writeFileSync(path.join(server.home, name), content);
}

test('A file is fetched or uploaded, put right where it is wrong, and made', async ({
  page,
  envs,
  server
}) => {
  await server.clear(NAME);
  await envs.open();
  await envs.new();
  await envs.form.locator('[data-card="file"]').click();

  // What the site does not allow is said where the address can be put right.
  await envs.form.getByRole('button', { name: 'From a URL…' }).click();
  const dialog = page.getByRole('dialog');
  const address = dialog.getByRole('textbox', { name: 'Address' });
  await address.fill('https://example.org/environment.yml');
  await address.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('example.org');
  await address.fill(
    server.channel.replace(/[^/]+$/, 'files/environment.yml')
  );
  await address.press('Enter');
  await expect(envs.name).toHaveValue('fetched');

  await envs.form.getByLabel('File to upload').setInputFiles({
    name: 'environment.yml',
    mimeType: 'text/yaml',
    buffer: Buffer.from(BAD)
  });
  await expect(envs.name).toHaveValue(NAME);

  // What is wrong is marked at its line, and said below.
  const problems = envs.form.getByRole('list', {
    name: 'Problems of the file'
  });
  await expect(problems.getByRole('listitem')).toHaveCount(1);
  const marked = text(envs).locator('.jp-EnvManager-fileLine.jp-mod-error');
  await expect(marked).toHaveText('  - weather-data=1.0[');
  await problems.getByRole('button', { name: 'Go to line 5' }).click();
  await expect(text(envs)).toBeFocused();

  await text(envs).press('End');
  await text(envs).press('Backspace');
  await expect(problems).toHaveCount(0);
  await expect(envs.form).toContainText('1 package · channel conda-forge');

  await envs.form.getByText('Register a kernel').click();
  await envs.preview();
  await expect(
    envs.plan.getByRole('row', { name: /weather-data/ })
  ).toContainText('1.0');
  await envs.button('Create').click();
  await envs.ready(NAME);
});

test('The file browser offers it for files that look like one', async ({
  page,
  envs,
  server
}) => {
  write(server, 'environment.yml', GOOD);
  write(server, 'notes.txt', 'Nothing to see.');
  const item = page.getByRole('menuitem', {
    name: 'Create Environment from File'
  });
  const listing = page.locator('.jp-DirListing-item');
  await listing.filter({ hasText: 'notes.txt' }).click({ button: 'right' });
  await expect(page.getByRole('menuitem', { name: 'Rename' })).toBeVisible();
  await expect(item).toHaveCount(0);
  await page.keyboard.press('Escape');
  await listing
    .filter({ hasText: 'environment.yml' })
    .click({ button: 'right' });
  await item.click();
  await expect(text(envs)).toContainText('weather-data=1.0');
  await expect(envs.name).toHaveValue(NAME);
});

test('A file is dropped onto the panel, and what it pins is relaxed', async ({
  page,
  envs
}) => {
  await envs.open();
  const pinned = GOOD.replace('weather-data=1.0', 'weather-data=1.0=gone_7');
  await drop(page as never, '#envmanager-panel', 'environment.yml', pinned);
  await expect(text(envs)).toContainText('gone_7');
  await expect(envs.name).toHaveValue(NAME);
  await envs.name.fill(`${NAME}-2`);

  await envs.button('Preview').click();
  await expect(envs.plan).toContainText('in the build “gone_7”');
  // One button leads on.
  await expect(envs.form.locator('button.jp-mod-accept:enabled')).toHaveText([
    'Use this and preview again'
  ]);
  await envs.plan
    .getByRole('button', { name: 'Use this and preview again' })
    .click();
  await expect(
    envs.plan.getByRole('row', { name: /weather-data/ })
  ).toContainText('1.0');
  await envs.plan.getByRole('button', { name: /^Undo for/ }).click();
  await expect(
    envs.plan.getByRole('button', { name: 'Use this and preview again' })
  ).toBeVisible();
});

test('A file of the file browser is dragged onto the form', async ({
  page,
  envs,
  server
}) => {
  write(server, 'environment.yml', GOOD);
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('envmanager:create');
  });
  await expect(envs.name).toBeVisible();
  const from = page
    .locator('.jp-DirListing-item')
    .filter({ hasText: 'environment.yml' });
  await from.hover();
  await page.mouse.down();
  const box = (await envs.name.boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + 60, { steps: 8 });
  await page.mouse.up();
  await expect(text(envs)).toContainText('weather-data=1.0');
});
