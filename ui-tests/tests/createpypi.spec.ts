import { expect, test } from './fixtures';

test('A new environment has packages from PyPI, previewed and made', async ({
  page,
  envs,
  server
}) => {
  await server.clear('plots');
  await envs.open();
  await envs.new();
  await envs.name.fill('plots');
  await envs.add('idna');
  // Not on any channel: the list leads to PyPI.
  const packages = envs.form.getByRole('combobox', { name: 'Packages' });
  await packages.fill('tiny-board');
  await page.getByRole('option', { name: /tiny-board.*from PyPI/ }).click();
  const field = envs.form.getByRole('textbox', { name: 'From PyPI' });
  await expect(field).toBeVisible();

  await field.fill('wants-old-idna');
  await field.press('Enter');
  await envs.button('Preview').click();
  const note = page.locator('[data-code="overwrites_conda"]');
  await expect(note).toContainText('would replace idna');
  await page.getByRole('button', { name: 'Remove wants-old-idna' }).click();

  await envs.preview();
  await expect(
    envs.plan.getByRole('row', { name: /tiny-board/ })
  ).toContainText('asked');
  await envs.button('Create').click();
  await envs.ready('plots');
});

test('A source that does not build shows its log', async ({
  page,
  envs,
  server
}) => {
  await server.clear('broken');
  await envs.open();
  await envs.new();
  await envs.name.fill('broken');
  await envs.button('add packages from PyPI').click();
  const field = envs.form.getByRole('textbox', { name: 'From PyPI' });
  await expect(field).toBeFocused();
  await field.pressSequentially('unbuildable,');
  await envs.preview();
  await envs.button('Create').click();
  await expect(page.locator('[data-code="build_failed"]')).toContainText(
    'the compiler of the last century',
    { timeout: 30_000 }
  );
  await envs.button('Edit and try again').click();
  await expect(
    page.getByRole('button', { name: 'Remove unbuildable' })
  ).toBeVisible();
});
