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

test('Rows are walked, their menus opened, a package installed and another removed with the keyboard alone', async ({
  page,
  envs,
  tab,
  server
}) => {
  const { keyboard } = page;
  await server.remake('typed', ['weather-model=1.0', 'big-download'], false);
  await envs.open();
  await test.step('rows are walked with arrows, and menus open with Enter', async () => {
    await envs.environment('typed').focus();
    await keyboard.press('End');
    await expect(envs.environment('typed')).not.toBeFocused();
    await keyboard.press('Home');
    await envs.environment('typed').focus();
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await expect(
      page.getByRole('menuitem', { name: 'Copy Path' })
    ).toBeVisible();
    await keyboard.press('Escape');
    await expect(envs.environment('typed').getByRole('button')).toBeFocused();
  });

  await envs.environment('typed').focus();
  await keyboard.press('Enter');
  await expect(tab.search).toBeFocused();
  await keyboard.type('bigger');
  await expect(tab.available).toContainText('bigger-download');
  await keyboard.press('Enter');
  await expect(tab.pending).toHaveText('install bigger-download');

  await keyboard.press('ArrowDown');
  await expect(tab.table).toBeFocused();
  await keyboard.press('End');
  await expect(tab.table.locator('[aria-selected="true"]')).toContainText(
    'weather-model'
  );
  await keyboard.press('Home');
  await keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Remove' })).toBeVisible();
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(tab.row('big-download')).toContainText('to be removed');
  await expect(tab.table).toBeFocused();

  for (let presses = 0; presses < 12; presses++) {
    await keyboard.press('Tab');
    if (
      await tab
        .button('Preview')
        .evaluate(node => node === document.activeElement)
    ) {
      break;
    }
  }
  await keyboard.press('Enter');
  await expect(tab.button('Apply')).toBeFocused();
  await keyboard.press('Enter');
  await tab.done();
  await expect(tab.row('bigger-download')).toBeVisible();
  await expect(tab.row('big-download')).toHaveCount(0);
});
