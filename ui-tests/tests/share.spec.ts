/** Environments go to others: copied, compared, brought up to a file, packed. */
import * as fs from 'fs';
import * as path from 'path';

import type { Page } from '@playwright/test';

import { expect, test } from './fixtures';

const OLD = 'weather-old';
const NEW = 'weather-new';
const COPY = `${OLD}-clone`;

/** Choose a file of the user's own machine with what a click opens. */
async function upload(page: Page, text: string, open: () => Promise<unknown>) {
  const chooser = page.waitForEvent('filechooser');
  await open();
  await (
    await chooser
  ).setFiles({
    name: 'environment.yml',
    mimeType: 'text/yaml',
    buffer: Buffer.from(text)
  });
}

test('An environment is copied to the group, which is let in again', async ({
  envs,
  tab,
  server
}) => {
  await server.clear(COPY);
  await server.remake(OLD, ['weather-data=1.0'], false);
  await tab.open(OLD);
  await tab.tab('Share & export');
  await expect(
    tab.page.getByRole('region', { name: 'The group' })
  ).toContainText('Belongs to');
  await tab.button('Clone…').click();
  await expect(envs.name).toHaveValue(COPY);
  const { locations } = await server.api<{
    locations: { path: string; group: string | null }[];
  }>('GET', 'status');
  const shared = locations.find(({ group }) => group !== null)!;
  await envs.form
    .getByRole('combobox', { name: 'Location' })
    .selectOption(shared.path);
  await envs.preview();
  await envs.button('Create').click();
  await envs.ready(COPY);

  // Somebody has taken the rights away.
  const records = path.join(shared.path, COPY, 'conda-meta');
  const [record] = fs
    .readdirSync(records)
    .filter(name => name.startsWith('weather-data'));
  fs.chmodSync(path.join(records, record), 0o600);
  await tab.open(COPY);
  await tab.tab('Share & export');
  const group = tab.page.getByRole('region', { name: 'The group' });
  await expect(group).toContainText('Shared with');
  await expect(group).toContainText(record);
  await group.getByRole('button', { name: 'Repair' }).click();
  await expect(group).not.toContainText(record);
  await expect(group.getByRole('button', { name: 'Repair' })).toHaveCount(0);
  expect(fs.statSync(path.join(records, record)).mode & 0o040).toBe(0o040);
});

test('Two environments are compared, and one is made like the other', async ({
  page,
  tab,
  server
}) => {
  await server.remake(OLD, ['weather-data=1.0', 'needs-old-data'], false);
  await server.remake(NEW, ['weather-data=2.0'], false);
  await tab.open(OLD);
  const compare = async () => {
    await tab.button(`Actions for ${OLD}`).click();
    await page.getByRole('menuitem', { name: 'Compare…' }).click();
    await dialog.getByRole('combobox', { name: 'With' }).selectOption(NEW);
  };
  const dialog = page.getByRole('dialog');
  await compare();
  await expect(dialog.getByRole('status')).toHaveText(/^2 differences/);
  const row = dialog.locator('[data-package="weather-data"]');
  await expect(row.getByRole('cell')).toHaveText(['1.0', '2.0', 'version']);
  await dialog.getByRole('searchbox').fill('old');
  await expect(dialog.locator('[data-kind="only_here"]')).toBeVisible();
  await expect(row).toHaveCount(0);
  await dialog.getByRole('searchbox').fill('');

  const other = dialog.getByRole('combobox', { name: 'With' });
  const text = 'dependencies:\n  - weather-data=2.0\n  - weather-model\n';
  await upload(page as never, text, () => other.selectOption('upload'));
  await expect(dialog.getByRole('status')).toHaveText(/^3 differences/);
  await expect(row.getByRole('cell')).toHaveText(['1.0', '=2.0', 'version']);
  await other.selectOption({ label: NEW });

  await dialog
    .getByRole('button', { name: 'Make this one like that…' })
    .click();
  await expect(tab.pending).toContainText(`make it like ${NEW}`);
  await expect(tab.plan).toContainText('needs-old-data');
  await expect(tab.button('Update all')).toHaveCount(0);
  await tab.apply();
  await expect(tab.row('weather-data')).toContainText('2.0');
  await expect(tab.row('needs-old-data')).toHaveCount(0);
  await compare();
  await expect(dialog.getByRole('status')).toContainText('They are the same.');
});

test('An environment is brought up to a file, with and without the rest', async ({
  page,
  tab,
  server
}) => {
  await server.remake(OLD, ['weather-data=1.0', 'big-download'], false);
  await tab.open(OLD);
  await tab.button('More').click();
  await page.getByRole('menuitem', { name: 'Update from File…' }).click();
  const text = 'dependencies:\n  - weather-data=2.0\n';
  await upload(page as never, text, () =>
    page.getByRole('dialog').getByRole('button', { name: 'Upload…' }).click()
  );
  await expect(tab.pending).toContainText('update from environment.yml');
  await expect(tab.plan).toContainText('weather-data');
  await expect(tab.plan).not.toContainText('big-download');
  await tab.pending
    .getByRole('checkbox', { name: 'remove everything else' })
    .check();
  await tab.button('Preview').click();
  await expect(tab.plan).toContainText('big-download');
  await tab.button('Do not update from environment.yml').click();
  await expect(tab.pending).toHaveCount(0);
  await expect(tab.button('Update all')).toBeVisible();
});

test('An environment is packed, downloaded, and made again from the archive', async ({
  page,
  envs,
  tab,
  server
}) => {
  await server.clear(`${NEW}-2`);
  await server.make(NEW, ['weather-data=2.0'], false);
  await tab.open(NEW);
  await tab.tab('Share & export');
  const block = tab.page.getByRole('region', { name: 'As an archive' });
  await block.getByRole('button', { name: 'Pack' }).click();
  const link = block.getByRole('button', { name: 'Download' });
  await expect(link).toBeVisible({ timeout: 30_000 });
  const download = page.waitForEvent('download');
  await link.click();
  const archive = (await download).suggestedFilename();
  expect(archive).toMatch(new RegExp(`^${NEW}.*\\.tar\\.gz$`));
  // That name is taken now: the next is filled in.
  await expect(block.getByRole('textbox', { name: 'Name' })).toHaveValue(
    new RegExp(`^${NEW}-[-\\d]{10}-\\d+$`)
  );

  await envs.new();
  await envs.form.locator('[data-card="archive"]').click();
  await envs.button('Choose…').click();
  const dialog = page.getByRole('dialog');
  await dialog
    .locator('.jp-DirListing-item')
    .filter({ hasText: archive })
    .click();
  await dialog.getByRole('button', { name: 'Select', exact: true }).click();
  // The name that it has there is in use here.
  await expect(envs.name).toHaveValue(`${NEW}-2`);
  await envs.preview();
  await expect(
    envs.plan.getByRole('row', { name: /weather-data/ })
  ).toContainText('2.0');
  await envs.button('Create').click();
  await envs.ready(`${NEW}-2`);
});
