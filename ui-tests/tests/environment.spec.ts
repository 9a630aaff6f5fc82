import * as fs from 'fs';
import * as path from 'path';

import { expect, test } from './fixtures';

test('A package is found, previewed and installed, and gone back from, and forward', async ({
  tab,
  server
}) => {
  await server.remake('site', ['big-download'], false);
  await tab.open('site');
  await tab.search.fill('weather-mod');
  await expect(tab.page).toContainText('Nothing like “weather-mod”');
  await tab.available.getByRole('button', { name: 'Add weather-model' }).click();
  await expect(tab.search).toBeFocused();
  await expect(tab.search).toHaveValue('');
  await expect(tab.pending).toHaveText('install weather-model');

  await tab.preview();
  await expect(tab.plan).toContainText(
    '1 change asked → 2 installed, nothing removed'
  );
  await expect(tab.plan.getByRole('row', { name: /weather-data/ })).toContainText(
    'needed'
  );
  await tab.apply();
  await expect(tab.row('weather-model')).toContainText('requested');
  await expect(tab.row('weather-data')).toContainText('weather-model');
  await expect(tab.pending).toHaveCount(0);

  await tab.tab('History');
  const generations = tab.page.getByRole('list', { name: 'History' });
  await expect(generations.locator('[data-generation]')).toHaveCount(2);
  await tab.button('Go back to 1').click();
  await tab.done();
  await expect(generations.locator('[data-generation="1"]')).toContainText(
    'current'
  );
  await tab.tab('Packages');
  await expect(tab.row('big-download')).toBeVisible();
  await expect(tab.row('weather-model')).toHaveCount(0);

  await tab.tab('History');
  await tab.button('Go forward to 2').click();
  await expect(generations.locator('[data-generation="2"]')).toContainText(
    'current'
  );
  await tab.tab('Packages');
  await expect(tab.row('weather-model')).toBeVisible();
});

test('A package is updated, pinned, changed to another build, and removed', async ({
  page,
  tab,
  server
}) => {
  await server.remake('site', ['weather-model=1.0'], false);
  await tab.open('site');
  const row = tab.row('weather-model');
  await row.getByRole('button', { name: 'Update to 2.0' }).click();
  await expect(row).toContainText('to be updated');
  await tab.choose('weather-model', 'Undo');
  await expect(row).toContainText('▴ 2.0');
  await expect(tab.pending).toHaveCount(0);

  await tab.choose('weather-model', 'Change Version…');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('option', { name: '1.1' }).click();
  await dialog.getByRole('button', { name: 'Choose' }).click();
  await expect(row).toContainText('→ 1.1');
  await tab.preview();
  await expect(tab.plan).toContainText('1.0 → 1.1');
  await tab.apply();
  await expect(row).toContainText('1.1');

  await tab.choose('weather-model', 'Pin to This Version');
  await expect(row).toContainText('to be pinned');
  await tab.preview();
  await expect(tab.plan).toContainText('no package changes');
  await tab.apply();
  await expect(row).toContainText('pinned');
  await tab.choose('weather-model', 'Unpin');

  await tab.choose('weather-model', 'Change Version…');
  await dialog.getByRole('option', { name: /^2.0/ }).click();
  await dialog.getByRole('option', { name: /^fast_1/ }).click();
  await expect(dialog).toContainText('Needs weather-data >=2, big-download');
  await dialog.getByRole('button', { name: 'Choose' }).click();
  await tab.preview();
  await expect(tab.plan).toContainText('1.1 → 2.0');
  await tab.apply();
  await expect(row).toContainText('fast_1');
  await expect(row).not.toContainText('pinned');

  await row.click();
  await tab.table.press('Delete');
  await expect(row).toContainText('to be removed');
  await tab.preview();
  await expect(tab.plan.getByRole('row', { name: /weather-model/ })).toBeVisible();
  await tab.apply();
  await expect(row).toHaveCount(0);
});

test('A package of PyPI is installed; one that would overwrite a conda package takes a yes', async ({
  tab,
  server
}) => {
  await server.remake('mixed', ['python', 'idna'], false);
  await tab.open('mixed');
  await tab.search.fill('tiny-plot');
  await expect(tab.available).toContainText('from PyPI');
  await tab.search.press('Enter');
  await expect(tab.pending).toHaveText('install tiny-plot from PyPI');
  await tab.preview();
  await tab.apply();
  await tab.button('PyPI 1').click();
  await expect(tab.row('tiny-plot')).toContainText('PyPI');
  await tab.button('PyPI 1').click();

  await tab.search.fill('wants-old-idna');
  await tab.available.getByRole('button', { name: /^Add/ }).click();
  await tab.button('Preview').click();
  await expect(tab.page.getByRole('alert')).toContainText('idna');
  await tab.button('Allow this and preview again').click();
  await expect(tab.plan.getByRole('note')).toContainText('idna');
  await tab.apply();
  await expect(tab.row('wants-old-idna')).toBeVisible();
});

test('A requirements file is chosen; a wheel that cannot be built shows what its build said, and the request stays', async ({
  page,
  tab,
  server
}) => {
  await server.make('builds', ['python'], false);
  await tab.open('builds');
  await test.step('a requirements file is chosen', async () => {
    fs.writeFileSync(path.join(server.home, 'requirements.txt'), 'tiny-plot\n');
    await tab.button('More').click();
    await page.getByRole('menuitem', { name: 'Add requirements.txt…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('requirements.txt').click();
    await dialog.getByRole('button', { name: 'Select' }).click();
    await expect(tab.pending).toHaveText('install requirements.txt from PyPI');
    await tab.preview();
    await expect(tab.plan).toContainText('tiny-plot');
    await tab.button('Discard').click();
  });

  await test.step('a wheel that cannot be built', async () => {
    await tab.search.fill('unbuildable==1.0');
    await tab.available.getByRole('button', { name: 'Install with PyPI' }).click();
    await tab.preview();
    await tab.button('Apply').click();
    await expect(tab.job).toHaveAttribute('data-job-state', 'failed');
    await tab.job.getByText('What the process printed').click();
    await expect(tab.job).toContainText(
      'the compiler of the last century is missing'
    );
    await expect(tab.pending).toHaveText(
      'install unbuildable==1.0 from PyPI'
    );
    await tab.button('Discard').click();
  });
});

test('Packages that do not go together are named; the request can be mended', async ({
  tab,
  server
}) => {
  await server.make('clash', ['big-download'], false);
  await tab.open('clash');
  for (const spec of ['weather-model==2.0', 'needs-old-data==1.0']) {
    await tab.search.fill(spec);
    await tab.search.press('Enter');
  }
  await tab.button('Preview').click();
  await expect(tab.page.getByRole('alert')).toContainText('weather-data');
  await tab.button('Do not install needs-old-data==1.0').click();
  await expect(tab.page.getByRole('alert')).toHaveCount(0);
  await tab.preview();
  await tab.button('Discard').click();
  await expect(tab.plan).toHaveCount(0);
});

test('A plan for an environment that has changed since is refused, and made again', async ({
  tab,
  server
}) => {
  await server.remake('moved', ['big-download'], false);
  await tab.open('moved');
  await tab.search.fill('weather-data==1.0');
  await tab.search.press('Enter');
  await tab.preview();
  await server.change('moved', { install: ['bigger-download'] });
  // The page learns of it by itself, or by the answer to Apply.
  await expect(tab.plan).toContainText('outdated');
  await tab.button('Preview').click();
  await expect(tab.plan).not.toContainText('outdated');
  await tab.apply();
  await expect(tab.row('weather-data')).toBeVisible();
  await expect(tab.row('bigger-download')).toBeVisible();
});

test('What is asked for stays when the page is reloaded', async ({
  page,
  tab,
  server
}) => {
  await server.make('lasting', ['big-download'], false);
  await tab.open('lasting');
  await tab.search.fill('weather-data==1.0');
  await Promise.all([
    page.waitForResponse(
      response =>
        response.url().includes('/api/workspaces') &&
        response.request().method() === 'PUT'
    ),
    tab.search.press('Enter')
  ]);
  await Promise.all([
    page.waitForEvent('domcontentloaded'),
    page.evaluate(() => location.reload())
  ]);
  await expect(tab.pending).toHaveText('install weather-data==1.0');
  await expect(tab.table).toBeVisible();
  await tab.button('Discard').click();
});

test('A running kernel goes on with the old packages until it is restarted', async ({
  page,
  tab,
  server
}) => {
  await server.remake('running', ['python']);
  await tab.open('running');
  await tab.button('Open notebook').click();
  await expect(page.getByText('running | Idle')).toBeVisible({
    timeout: 30_000
  });
  await tab.open('running');
  await tab.search.fill('weather-data==1.0');
  await tab.search.press('Enter');
  await tab.preview();
  await tab.apply();
  const note = tab.page.getByRole('note').filter({ hasText: 'old packages' });
  await expect(note).toContainText('One kernel still runs with the old');
  await expect(note).toContainText('.ipynb');
  await note.getByRole('button', { name: /^Restart the kernel/ }).click();
  await expect(note).toHaveCount(0);
});

test('A damaged package is found and repaired', async ({ tab, server }) => {
  await server.remake('hurt', ['big-download'], false);
  fs.rmSync(path.join(server.prefix('hurt'), 'share', 'big'));
  await tab.open('hurt');
  await tab.button('More').click();
  await tab.page.page().getByRole('menuitem', { name: 'Check Files' }).click();
  await expect(tab.page.getByRole('note')).toContainText(
    'One package is damaged: big-download'
  );
  await tab.button('Repair').click();
  await tab.preview();
  await tab.apply();
  expect(fs.existsSync(path.join(server.prefix('hurt'), 'share', 'big'))).toBe(
    true
  );
  await tab.button('More').click();
  await tab.page.page().getByRole('menuitem', { name: 'Check Files' }).click();
  await expect(tab.page).toContainText('files are as their packages brought');
});

test('A frozen environment says why it cannot be changed, and offers no change', async ({
  tab,
  server
}) => {
  await server.remake('ice', ['weather-model=1.0'], false);
  fs.writeFileSync(
    path.join(server.prefix('ice'), 'conda-meta', 'frozen'),
    '{"message": "Made for the course; do not touch."}'
  );
  await tab.open('ice');
  await expect(tab.page).toContainText('Made for the course; do not touch.');
  await expect(tab.page.locator('header')).toContainText('frozen');
  await expect(tab.button('Update all')).toHaveCount(0);
  await tab.button('Actions for weather-model').click();
  const menu = tab.page.page().locator('.lm-Menu-itemLabel');
  await expect(menu.filter({ hasText: /./ })).toHaveText([
    'Why Is This Here?',
    'What Needs It?',
    'Copy Spec'
  ]);
});

