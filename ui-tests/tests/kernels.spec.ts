/** Kernels as things of their own: edited, duplicated, tested, put right; and an environment outside notebooks. */
import * as fs from 'fs';
import * as path from 'path';

import type { Locator, Page } from '@playwright/test';

import { type Environments, expect, type Server, test } from './fixtures';

/** A PNG of 8 × 8 red pixels. */
const RED =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC';

const folderOf = (server: Server) =>
  path.join(server.home, '.local', 'share', 'jupyter', 'kernels');

/** Put a kernelspec there that somebody else has made. */
function writeSpec(server: Server, name: string, spec: unknown): string {
  const folder = path.join(folderOf(server), name);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'kernel.json'), JSON.stringify(spec));
  return folder;
}

/** Choose something from the menu of a kernel. */
async function choose(
  envs: Environments,
  kernel: string,
  item: string
): Promise<void> {
  await envs
    .kernel(kernel)
    .getByRole('button', { name: /^Actions for kernel / })
    .click();
  await envs.page.getByRole('menuitem', { name: item }).click();
}

/** The card of a kernel in the launcher. */
function card(page: Page, name: string): Locator {
  return page.locator(`.jp-LauncherCard[title^="${name}"]`).first();
}

/** The colour of a card's logo, near its upper edge. */
function colourOf(card: Locator): Promise<number[]> {
  return card.locator('img').evaluate(async (image: HTMLImageElement) => {
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 64;
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0, 64, 64);
    return [...context.getImageData(32, 8, 1, 1).data];
  });
}

test('Name, variables and logo of a kernel are edited, and the launcher shows it at once', async ({
  page,
  envs,
  server
}) => {
  await server.remake('shaped', ['python']);
  const environment = (
    await server.api<{ environments: { id: string; name: string }[] }>(
      'GET',
      'environments'
    )
  ).environments.find(({ name }) => name === 'shaped')!;
  const { name, path: folder } = await server.api<{
    name: string;
    path: string;
  }>(
    'POST',
    'kernels',
    { environment: environment.id, display_name: 'Unformed' }
  );
  // The browser takes it from its cache without asking whether it is still the same.
  const month = Date.now() / 1000 - 30 * 86_400;
  for (const file of fs.readdirSync(folder)) {
    fs.utimesSync(path.join(folder, file), month, month);
  }
  await page.goto('?reset');
  await envs.open();
  await expect(card(page as unknown as Page, 'Unformed')).toBeVisible();

  const launched = card(page as unknown as Page, 'Unformed');
  const before = await colourOf(launched);
  await choose(envs, 'Unformed', 'Edit…');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Logo', { exact: true }).selectOption('initials');
  await dialog.getByLabel('Colour of the logo').fill('#00aa00');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  expect(before).not.toEqual([0, 170, 0, 255]);
  await expect.poll(() => colourOf(launched)).toEqual([0, 170, 0, 255]);

  await choose(envs, 'Unformed', 'Edit…');
  await dialog.getByLabel('Name', { exact: true }).fill('Well formed');
  await dialog.getByRole('button', { name: 'Add variable' }).click();
  await dialog.getByLabel('Name of variable 1').fill('NOT A NAME');
  await dialog.getByLabel('Value of variable 1').fill("it's $HOME");
  await dialog.getByLabel('Logo', { exact: true }).selectOption('upload');
  const picture = dialog.getByLabel('Picture');
  await picture.setInputFiles({
    name: 'page.html',
    mimeType: 'text/html',
    buffer: Buffer.from('<p>')
  });
  await expect(dialog.getByRole('alert')).toContainText('page.html');
  await picture.setInputFiles({
    name: 'torn.png',
    mimeType: 'image/png',
    buffer: Buffer.from(RED, 'base64').subarray(0, 20)
  });
  await expect(dialog.getByRole('alert')).toContainText('not a picture');
  await picture.setInputFiles({
    name: 'red.png',
    mimeType: 'image/png',
    buffer: Buffer.from(RED, 'base64')
  });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('NOT A NAME');
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue(
    'Well formed'
  );
  await dialog.getByLabel('Name of variable 1').fill('GREETING');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);

  await expect(envs.kernel('Well formed')).toBeVisible();
  const shown = card(page as unknown as Page, 'Well formed');
  // What the launcher draws is the picture, made larger.
  await expect.poll(() => colourOf(shown)).toEqual([255, 0, 0, 255]);
  const { variables } = await server.api<{ variables: unknown }>(
    'GET',
    `kernels/${name}`
  );
  expect(variables).toEqual({ GREETING: "it's $HOME" });
});

test('A kernel is duplicated, the copy removed, and a test start tells where it runs', async ({
  page,
  envs,
  server
}) => {
  await server.remake('twofold', ['python'], true);
  await envs.open();
  await choose(envs, 'twofold', 'Duplicate…');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue(
    'twofold (2)'
  );
  await dialog.getByLabel('Name', { exact: true }).fill('second');
  await page.keyboard.press('Enter');
  await expect(envs.kernel('second')).toContainText('twofold');
  await expect(card(page as unknown as Page, 'second')).toBeVisible();

  await choose(envs, 'second', 'Remove Kernel…');
  await expect(dialog).toContainText('no environment is touched');
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(envs.kernel('second')).toHaveCount(0);
  await expect(envs.kernel('twofold')).toBeVisible();

  await test.step('a test start tells where a kernel runs', async () => {
    const row = envs.kernel('twofold');
    await row.getByRole('button', { name: 'Test start twofold' }).click();
    await row.getByRole('button', { name: /^Answered in/ }).click();
    await expect(dialog).toContainText('First reply');
    await expect(dialog).toContainText(server.prefix('twofold'));
    await expect(dialog.locator('.jp-EnvManager-pathList > li').first()).toHaveText(
      path.join(server.prefix('twofold'), 'bin')
    );
    await expect(dialog).toContainText('its packages are not used');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await choose(envs, 'twofold', 'Test Details…');
    await expect(dialog).toContainText('First reply');
    await dialog.getByRole('button', { name: 'Close' }).click();
  });
});

test('An orphan is removed with one click, one of somebody else after a question', async ({
  page,
  envs,
  server
}) => {
  await server.remake('leaving', ['python'], true);
  fs.rmSync(server.prefix('leaving'), { recursive: true });
  const foreign = writeSpec(server, 'thesis', {
    argv: ['/gone/bin/python', '-m', 'ipykernel', '-f', '{connection_file}'],
    display_name: 'Thesis 2023',
    language: 'python'
  });
  await envs.open();
  const heading = envs.panel.locator('.jp-AccordionPanel-title', {
    hasText: 'Kernels'
  });
  await expect(heading).toHaveAttribute('data-detail', /⚠ \d+$/);
  await envs
    .kernel('leaving')
    .getByRole('button', { name: /^Remove: / })
    .click();
  await expect(envs.kernel('leaving')).toHaveCount(0);

  await envs
    .kernel('Thesis 2023')
    .getByRole('button', { name: /^Remove: / })
    .click();
  await expect(page.getByRole('dialog')).toContainText(foreign);
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(envs.kernel('Thesis 2023')).toHaveCount(0);
  expect(fs.existsSync(foreign)).toBe(false);
});

test('A kernel of somebody else is asked about when it is saved, and a No leads back to what was typed', async ({
  envs,
  page,
  server
}) => {
  await server.remake('lent', ['python']);
  const folder = writeSpec(server, 'lent-too', {
    argv: [
      path.join(server.prefix('lent'), 'bin', 'python'),
      ...['-m', 'ipykernel_launcher', '-f', '{connection_file}']
    ],
    display_name: 'Lent',
    language: 'python'
  });
  await envs.open();
  await choose(envs, 'Lent', 'Edit…');
  const dialog = page.getByRole('dialog');
  const name = dialog.getByLabel('Name', { exact: true });
  await name.fill('Borrowed');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toContainText(folder);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(name).toHaveValue('Borrowed');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('button', { name: 'Change' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(envs.kernel('Borrowed')).toBeVisible();

  await test.step('a kernel of the server’s own environment is only looked at', async () => {
    await choose(envs, 'Python 3 \\(ipykernel\\)', 'Edit…');
    await expect(dialog).toContainText('JupyterLab runs from');
    await expect(dialog.getByLabel('Name', { exact: true })).toBeDisabled();
    await expect(dialog.getByRole('button', { name: 'Save' })).toHaveCount(0);
    await dialog.getByRole('button', { name: 'Duplicate it…' }).click();
    await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue(
      'Python 3 (ipykernel) (2)'
    );
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  await test.step('one is given to the group', async () => {
    await choose(envs, 'lent', 'Move to the Group…');
    await expect(dialog).toContainText(server.prefix('lent'));
    await dialog.getByRole('button', { name: 'Move' }).click();
    await expect(page.getByText('there for the group now')).toBeVisible();
    const scope = async () =>
      (await server.api<{ kernel: { scope: string } }>('GET', 'kernels/lent'))
        .kernel.scope;
    expect(await scope()).toBe('group');
    await expect(envs.kernel('lent').getByText('group')).toBeVisible();
    await choose(envs, 'lent', 'Move to Me');
    await expect.poll(scope).toBe('me');
  });
});

test('A kernel that does not start shows what it wrote, and leads to its environment', async ({
  page,
  envs,
  tab,
  server
}) => {
  await server.remake('failing', ['python'], true);
  const library = fs
    .readdirSync(path.join(server.prefix('failing'), 'lib'))
    .find(name => name.startsWith('python3.'))!;
  const module = path.join(
    ...[server.prefix('failing'), 'lib', library],
    'site-packages/ipykernel/kernelapp.py'
  );
  // The file is linked to the package cache: another one takes its place.
  fs.rmSync(module);
  fs.writeFileSync(module, 'raise RuntimeError("not today")');
  await envs.open();
  const row = envs.kernel('failing');
  await row.getByRole('button', { name: 'Test start failing' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('failing did not start');
  await expect(dialog.locator('.jp-EnvManager-output')).toContainText(
    'RuntimeError: not today'
  );
  await dialog.getByRole('button', { name: 'Open environment' }).click();
  await expect(
    tab.page.getByRole('heading', { name: 'failing', exact: true })
  ).toBeVisible();
});

test('Where no package makes a kernel, it is proposed and one click from its plan', async ({
  page,
  envs,
  tab,
  server
}) => {
  await server.make('shelled', ['python'], false);
  await envs.open();
  await envs
    .environment('shelled')
    .getByRole('button', { name: 'Actions for shelled' })
    .click();
  await page.getByRole('menuitem', { name: 'Register Kernel' }).click();
  await expect(page.getByRole('dialog')).toContainText(
    'Python needs the package ipykernel'
  );
  await page.getByRole('button', { name: 'Install ipykernel…' }).click();
  await expect(tab.pending).toHaveText('install ipykernel');
  await tab.tab('Kernels');
  await expect(tab.page).toContainText('No kernel runs in this environment');
  await expect(
    tab.page.getByRole('button', { name: 'Install ipykernel…' })
  ).toBeVisible();
});

test('A kernel is added on the page of its environment, and edited there', async ({
  page,
  tab,
  server
}) => {
  await server.remake('several', ['python'], true);
  await tab.open('several');
  await tab.tab('Kernels');
  await tab.button('Add kernel…').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Quick one');
  await dialog.getByLabel('Logo', { exact: true }).selectOption('initials');
  await dialog.getByLabel('Letters of the logo').fill('Q1');
  await dialog.getByLabel('Modules').fill('cuda/12.4');
  await dialog.getByRole('button', { name: 'Register' }).click();
  await expect(tab.page.getByText('Quick one')).toBeVisible();
  await expect(tab.page.getByRole('tab', { name: 'Kernels 2' })).toBeVisible();

  await tab.button('Actions for kernel Quick one').click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await expect(dialog.getByLabel('Modules')).toHaveValue('cuda/12.4');
  await expect(dialog.getByLabel('Letters of the logo')).toHaveValue('Q1');
  await dialog.getByText('Advanced: how it is started').click();
  await expect(dialog.getByRole('region', { name: 'run.sh' })).toContainText(
    'cuda/12.4'
  );
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('An environment is used in a terminal and in a job script', async ({
  page,
  context,
  envs,
  tab,
  server
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await server.make('shelled', ['python'], false);
  await tab.open('shelled');
  await test.step('a terminal opens in it', async () => {
    await tab.button('Terminal').click();
    const terminal = page.locator('.jp-Terminal').filter({ visible: true });
    await expect(terminal).toBeVisible();
    const marker = path.join(server.home, 'prefix-of-terminal');
    fs.rmSync(marker, { force: true });
    await terminal.locator('textarea').focus();
    // The screen is a canvas: what the shell says is read from a file.
    await page.keyboard.type(`echo "$CONDA_PREFIX" > ${marker}\n`);
    await expect
      .poll(() => (fs.existsSync(marker) ? fs.readFileSync(marker, 'utf8') : ''))
      .toBe(`${server.prefix('shelled')}\n`);
  });
  await test.step('the lines for a job script are copied', async () => {
    await envs
      .environment('shelled')
      .getByRole('button', { name: 'Actions for shelled' })
      .click();
    await page
      .getByRole('menuitem', { name: 'Copy Job-Script Lines' })
      .click();
    await expect(page.getByText('lines for a job script are copied')).toBeVisible();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain(path.join(server.prefix('shelled'), 'bin'));
  });
});
