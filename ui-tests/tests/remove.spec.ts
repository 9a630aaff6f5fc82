import { expect, test } from './fixtures';

test('An environment is removed with its kernel, after a dialog that says what goes', async ({
  page,
  envs,
  server
}) => {
  await server.make('old', ['python']);
  await page.evaluate(() =>
    (window as any).jupyterapp.serviceManager.kernelspecs.refreshSpecs()
  );
  const card = page.locator('.jp-LauncherCard[title^="old"]');
  await expect(card.first()).toBeVisible();
  await envs.open();
  await expect(envs.kernel('old')).toBeVisible();

  await envs.environment('old').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Remove environment “old”?');
  await expect(dialog).toContainText(server.prefix('old'));
  await expect(dialog).toContainText(/frees up to \d.* MB/);
  await expect(dialog.getByRole('listitem')).toHaveText(['old']);
  await dialog.getByRole('button', { name: 'Remove' }).click();

  await expect(envs.environment('old')).toHaveCount(0);
  await expect(envs.kernel('old')).toHaveCount(0);
  await expect(card).toHaveCount(0);
  expect(await server.environments()).not.toContain('old');
});

test('A dialog can be left without removing anything, and where JupyterLab runs from nothing can be removed', async ({
  page,
  envs,
  server
}) => {
  await server.make('kept', ['big-download'], false);
  const before = await server.environments();
  await envs.open();
  await envs.environment('kept').focus();
  await page.keyboard.press('Delete');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Cancel' })
    .click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await server.environments()).toContain('kept');

  const row = envs.panel.locator('.jp-EnvManager-env', {
    hasText: 'protected'
  });
  await row.getByRole('button').click();
  const item = page.getByRole('menuitem', { name: 'Remove…' });
  await expect(item).toHaveClass(/lm-mod-disabled/);
  await expect(item).toHaveAttribute('title', /JupyterLab runs from it/);
  await page.keyboard.press('Escape');
  await row.focus();
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('cannot be removed');
  await expect(dialog).toContainText('JupyterLab runs from it');
  await expect(dialog.getByRole('button', { name: 'Remove' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'OK' }).click();
  expect(await server.environments()).toEqual(before);
});
