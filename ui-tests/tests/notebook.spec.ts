import * as path from 'path';

import { expect, test } from './fixtures';

test.describe('In Notebook 7', () => {
  test.use({
    appPath: '/tree',
    waitForApplication: async ({}, use) => {
      await use(async page => {
        await page.locator('.jp-FileBrowser').waitFor();
      });
    }
  });

  test('An environment is made in a folder chosen with the picker', async ({
    page,
    envs,
    server
  }) => {
    await server.clear('folder-env');
    await envs.open();
    await envs.new();
    await envs.form
      .getByRole('button', { name: 'choose a folder instead' })
      .click();
    await envs.button('Browse…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New folder in it').fill('folder-env');
    await expect(dialog).toContainText(path.join(server.home, 'folder-env'));
    await dialog.getByRole('button', { name: 'Choose' }).click();
    await expect(envs.form.getByLabel('Folder', { exact: true })).toHaveValue(
      path.join(server.home, 'folder-env')
    );
    await envs.preview();
    await envs.button('Create').click();
    await envs.ready('folder-env');

    await page.getByRole('tab', { name: 'Environments', exact: true }).click();
    await expect(envs.environment('folder-env')).toBeVisible();
    expect(await server.environments()).toContain('folder-env');
  });

  test('The page of an environment opens beside the panel', async ({
    page,
    envs,
    tab,
    server
  }) => {
    await server.make('seven', ['weather-model=1.0'], false);
    await tab.open('seven');
    await tab.button('Update to 2.0').click();
    await tab.preview();
    await expect(tab.plan).toContainText('1.0 → 2.0');

    await page.getByRole('tab', { name: 'Environments', exact: true }).click();
    await envs.environment('seven').press('Enter');
    await expect(tab.plan).toContainText('1.0 → 2.0');
    await expect(tab.page).toHaveCount(1);
  });
});
