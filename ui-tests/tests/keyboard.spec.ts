import { expect, test } from './fixtures';

test('An environment is made with the keyboard alone', async ({
  page,
  envs,
  server
}) => {
  await server.clear('keys');
  const { keyboard } = page;
  const palette = async (command: string) => {
    await keyboard.press('Control+Shift+c');
    await expect(page.locator('.lm-CommandPalette-input')).toBeFocused();
    await keyboard.type(command);
    await expect(
      page.locator('.lm-CommandPalette-item.lm-mod-active')
    ).toHaveText(new RegExp(`^${command}`));
    await keyboard.press('Enter');
  };
  /** Go on with Tab until something has the focus. */
  const tabTo = async (target: ReturnType<typeof page.locator>) => {
    for (let presses = 0; presses < 40; presses++) {
      if (await target.evaluate(node => node === document.activeElement)) {
        return;
      }
      await keyboard.press('Tab');
    }
    await expect(target).toBeFocused();
  };

  await palette('Environments');
  await expect(envs.panel).toBeVisible();
  await expect(envs.panel.locator('.jp-EnvManager-env').first()).toBeVisible();

  await palette('New Environment');
  await expect(envs.name).toBeFocused();
  await keyboard.type('keys');
  await tabTo(envs.python);
  await keyboard.press('End');
  await expect(envs.python).toHaveValue('none');
  await tabTo(envs.packages);
  await keyboard.type('big-dow');
  await expect(
    page.getByRole('option', { name: /big-download/ })
  ).toBeVisible();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(envs.form.locator('.jp-EnvManager-chip')).toHaveText(
    'big-download'
  );
  await tabTo(envs.button('Preview'));
  await keyboard.press('Enter');
  await expect(envs.plan.getByRole('region', { name: 'Plan' })).toBeVisible();
  await tabTo(envs.button('Create'));
  await keyboard.press('Enter');
  await envs.ready('keys');
});

test('The rows of the panel are walked with arrows, and their menus open with Enter', async ({
  page,
  envs,
  server
}) => {
  await server.make('kept', ['big-download'], false);
  await envs.open();
  await envs.environment('kept').focus();
  await page.keyboard.press('End');
  await expect(envs.environment('kept')).not.toBeFocused();
  await page.keyboard.press('Home');
  await envs.environment('kept').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Copy Path' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(envs.environment('kept').getByRole('button')).toBeFocused();
});
