/** Pictures for the README and for judging, not for comparing: see README.md. */
import * as fs from 'fs';
import * as path from 'path';

import { expect, test } from './fixtures';

const IMAGES = path.join(__dirname, '..', '..', 'docs', 'images');

test.describe.configure({ mode: 'serial' });

const shot = (name: string) => path.join(IMAGES, `${name}.png`);

test('The panel, the form with its plan, progress, and the end', async ({
  page,
  envs,
  server
}) => {
  test.setTimeout(180_000);
  await server.clear('weather');
  await server.make('stats', ['python', 'pandas'], true);
  await server.make('tools', ['flask', 'requests'], false);
  await server.make('teaching', ['python', 'numpy'], true);
  await envs.open();
  for (const name of ['stats', 'teaching']) {
    await expect(envs.kernel(name)).toContainText('Answered', {
      timeout: 60_000
    });
  }
  // A page that has seen no job announces none.
  await page.goto('?reset');
  await envs.open();
  await expect(envs.kernel('teaching')).toBeVisible();
  await expect(envs.panel).toContainText('My environments');
  await expect(envs.panel).not.toContainText('Asking the driver');
  await page.screenshot({ path: shot('panel') });

  await envs.new();
  await envs.name.fill('weather');
  await envs.add('pandas', 'requests>=2');
  await server.slow('pandas', 2_500_000);
  await envs.packages.fill('num');
  await expect(page.locator('.jp-EnvManager-option').first()).toBeVisible();
  await page.screenshot({ path: shot('search') });
  await envs.packages.fill('');
  await envs.preview();
  await page.screenshot({ path: shot('create') });

  await envs.button('Create').click();
  await expect(envs.job.getByRole('status')).toContainText('/s');
  await page.screenshot({ path: shot('progress') });
  await envs.ready('weather');
  await expect(envs.form).toContainText('Kernel answered', { timeout: 30_000 });
  await page.screenshot({ path: shot('ready') });

  await envs.environment('weather').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.screenshot({ path: shot('remove') });
  await page.getByRole('button', { name: 'Cancel' }).click();
});

test('The page of an environment: packages, a plan, versions, history', async ({
  page,
  tab,
  server
}) => {
  test.setTimeout(120_000);
  await server.remake('climate', ['python', 'pandas', 'weather-model=1.0']);
  await server.change('climate', { pypi: { install: ['tiny-plot==1.0'] } });
  await server.change('climate', { pin: ['pandas'] });
  await page.goto('?reset');
  await tab.open('climate');
  await expect(tab.button('updates 2')).toBeVisible();
  await page.screenshot({ path: shot('packages') });

  await tab.search.fill('req');
  await expect(tab.available).toContainText('requests');
  await page.screenshot({ path: shot('available') });
  await tab.available.getByRole('button', { name: 'Add requests' }).click();
  await tab.button('updates 2').click();
  await tab.row('weather-model').getByRole('button').first().click();
  await tab.row('tiny-plot').getByRole('button').first().click();
  await tab.button('requested 5').click();
  await tab.preview();
  await page.screenshot({ path: shot('environment') });

  await tab.button('Discard').click();
  await tab.choose('weather-model', 'Change Version…');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('option', { name: /fast_1/ }).click();
  await page.screenshot({ path: shot('versions') });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await tab.button('requested 5').click();

  await tab.button('Open notebook').click();
  await expect(page.getByText('climate | Idle')).toBeVisible({
    timeout: 30_000
  });
  await tab.open('climate');
  await tab.search.fill('requests');
  await expect(tab.available).toContainText('requests');
  await tab.search.press('Enter');
  await tab.preview();
  await tab.apply();
  await tab.tab('History');
  await expect(tab.page.locator('[data-generation="4"]')).toContainText(
    'current'
  );
  await tab.page.locator('[data-generation] summary').first().click();
  await expect(tab.page).toContainText('old packages');
  await page.screenshot({ path: shot('history') });
});

test('Kernels: the tab, the editor, a test start', async ({
  page,
  envs,
  tab
}) => {
  await tab.open('stats');
  await tab.tab('Kernels');
  await expect(tab.page).toContainText('Answered');
  await page.screenshot({ path: shot('kernels') });
  await envs
    .kernel('stats')
    .getByRole('button', { name: /^Actions for kernel / })
    .click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Add variable' }).click();
  await dialog.getByLabel('Name of variable 1').fill('OMP_NUM_THREADS');
  await dialog.getByLabel('Value of variable 1').fill('4');
  await page.screenshot({ path: shot('kernel-editor') });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
});

test('The notebook: its menu, a missing module, imports, another home', async ({
  page,
  server
}) => {
  test.setTimeout(120_000);
  const write = (name: string, metadata: unknown, ...sources: string[]) =>
    fs.writeFileSync(
      path.join(server.home, name),
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata,
        cells: sources.map((source, index) => ({
          cell_type: 'code',
          id: `cell-${index}`,
          metadata: {},
          source,
          outputs: [],
          execution_count: null
        }))
      })
    );
  const kernelspec = { name: 'stats', display_name: 'stats', language: 'python' };
  const python = { language_info: { name: 'python' } };
  write(
    'rain.ipynb',
    { kernelspec, ...python },
    'import pandas as pd\nimport flask\n\nflask.__name__',
    '!pip install --user tiny-plot'
  );
  write(
    'storms.ipynb',
    {
      ...python,
      kernelspec: { ...kernelspec, name: 'storms' },
      jupyter_envmanager: {
        name: 'storms',
        specs: ['python=3.11', 'weather-model=2.0'],
        pypi: ['tiny-plot==1.1'],
        channels: ['conda-forge'],
        lock: '',
        python: '3.11'
      }
    },
    'import weather_model'
  );
  await page.goto('?reset');
  await page.notebook.open('rain.ipynb');
  const panel = page.locator('.jp-NotebookPanel').filter({ visible: true });
  const item = panel.getByRole('button', {
    name: /^Environment of this notebook/
  });
  await expect(item).toHaveText(/^stats/);
  await expect(page.getByText('stats | Idle')).toBeVisible({ timeout: 30_000 });
  await item.click();
  await page.screenshot({ path: shot('notebook') });
  await page.keyboard.press('Escape');

  const cells = panel.locator('.jp-CodeCell');
  await cells.first().locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
  const note = cells.first().getByRole('region', { name: 'Install packages' });
  await note.getByRole('button', { name: 'Install flask' }).click();
  await expect(note).toContainText('nothing else changes');
  await page.screenshot({ path: shot('missing-module') });

  await item.click();
  await page
    .getByRole('menuitem', { name: 'New Environment for This Notebook…' })
    .click();
  await expect(page.getByRole('dialog')).toContainText('pandas');
  await page.screenshot({ path: shot('imports') });
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Cancel' })
    .click();

  await page.notebook.open('storms.ipynb');
  await expect(
    panel.getByRole('region', { name: 'Environment of this notebook' })
  ).toBeVisible();
  await page.screenshot({ path: shot('elsewhere') });
});

test('What goes wrong', async ({ page, envs, server }) => {
  await server.slow('big-download', 50_000);
  await envs.open();
  await envs.new();
  await envs.name.fill('typo');
  await envs.add('pandsa');
  await envs.button('Preview').click();
  await expect(envs.problem('Packages')).toBeVisible();
  await page.screenshot({ path: shot('error') });
  server.writeCondarc('channels:\n  - conda-forge\n  oops: [\n');
  await envs.panel.getByRole('button', { name: 'Refresh' }).first().click();
  await expect(envs.panel.locator('.jp-EnvManager-note').first()).toBeVisible();
  await page.screenshot({ path: shot('condarc') });
});

test('A narrow panel', async ({ page, envs }) => {
  // JupyterLab stops at 250 px: a theme or another extension need not.
  await page.addStyleTag({
    content:
      'html:root, html body { --jp-sidebar-min-width: 180px !important; }'
  });
  await envs.open();
  await page.sidebar.setWidth(200, 'left');
  await expect(envs.environment('stats')).toBeVisible();
  await page.screenshot({
    path: shot('narrow'),
    clip: { x: 0, y: 0, width: 400, height: 800 }
  });
});

test('A file with pins that cannot be met, and where an environment goes', async ({
  page,
  envs,
  tab
}) => {
  test.setTimeout(120_000);
  const file = [
    'name: forecast',
    'channels:',
    '  - conda-forge',
    'dependencies:',
    '  - python=3.11',
    '  - weather-data=1.0=gone_7',
    '  - weather-model=1.0.5'
  ];
  await page.goto('?reset');
  await envs.open();
  await envs.new();
  await envs.form.locator('[data-card="file"]').click();
  await envs.form.getByLabel('File to upload').setInputFiles({
    name: 'environment.yml',
    mimeType: 'text/yaml',
    buffer: Buffer.from(`${file.join('\n')}\n`)
  });
  await expect(envs.name).toHaveValue('forecast');
  await envs.button('Preview').click();
  await expect(envs.plan).toContainText('gone_7');
  await page.screenshot({ path: shot('file') });

  await tab.open('climate');
  await tab.tab('Share & export');
  await expect(
    tab.page.getByRole('region', { name: 'The group' })
  ).toContainText('Belongs to');
  await page.screenshot({ path: shot('share') });
  await tab.button('Compare…').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'With' }).selectOption('stats');
  await expect(dialog.getByRole('status')).toContainText('differences');
  await page.screenshot({ path: shot('compare') });
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test.describe('In the dark', () => {
  test.use({
    settings: {
      '@jupyterlab/apputils-extension:themes': { theme: 'JupyterLab Dark' }
    }
  });

  test('The form with its plan', async ({ page, envs, server }) => {
    await server.clear('weather');
    await page.goto('?reset');
    await envs.open();
    await envs.new();
    await envs.name.fill('weather');
    await envs.add('pandas', 'requests>=2');
    await envs.preview();
    await page.screenshot({ path: shot('dark') });
  });

  test('The page of an environment, narrow', async ({ page, tab }) => {
    await page.setViewportSize({ width: 830, height: 800 });
    await tab.open('climate');
    await tab.choose('pandas', 'Unpin');
    await tab.search.fill('weather-data==1.0');
    await tab.search.press('Enter');
    await tab.button('Preview').click();
    await expect(tab.plan).toBeVisible();
    await page.screenshot({ path: shot('environment-narrow') });
  });
});

test.describe('In Notebook 7', () => {
  test.use({
    appPath: '/tree',
    waitForApplication: async ({}, use) => {
      await use(async page => {
        await page.locator('.jp-FileBrowser').waitFor();
      });
    }
  });

  test('The panel and the folder picker', async ({ page, envs }) => {
    await envs.open();
    await expect(envs.environment('stats')).toBeVisible();
    await page.screenshot({ path: shot('notebook7') });
    await envs.new();
    await envs.form
      .getByRole('button', { name: 'choose a folder instead' })
      .click();
    await envs.button('Browse…').click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.screenshot({ path: shot('folder') });
  });
});
