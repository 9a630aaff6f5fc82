import * as fs from 'fs';

import { expect, test } from './fixtures';

// 2 MB at so many bytes a second: some 40 s, far longer than the story; cancelling ends it.
const CRAWL = 50_000;
// The same in 5 s: time to reload the page in the middle.
const SLOW = 400_000;

test('A download that is cancelled leaves nothing', async ({
  envs,
  server
}) => {
  await server.clear('doomed');
  await server.slow('big-download', CRAWL);
  await envs.open();
  await envs.new();
  await envs.name.fill('doomed');
  await envs.python.selectOption('No Python');
  await envs.add('big-download');
  await envs.preview();
  await envs.button('Create').click();

  await expect(envs.job.getByRole('status')).toContainText('Downloading');
  await envs.button('Cancel').click();
  await expect(envs.job).toHaveAttribute('data-job-state', 'cancelled');
  await expect(envs.job).toContainText('Nothing was changed');
  await expect(envs.environment('doomed')).toHaveCount(0);
  expect(await server.environments()).not.toContain('doomed');
  expect(fs.existsSync(server.prefix('doomed'))).toBe(false);

  await envs.button('Edit and try again').click();
  await expect(envs.name).toHaveValue('doomed');
});

test('A job goes on while the page is reloaded, and its progress comes back', async ({
  page,
  envs,
  server
}) => {
  await server.clear('steady');
  await server.slow('bigger-download', SLOW);
  await envs.open();
  await envs.new();
  await envs.name.fill('steady');
  await envs.python.selectOption('No Python');
  await envs.add('bigger-download');
  await envs.preview();
  // The layout is saved a moment after it changes.
  const saved = page.waitForResponse(
    response =>
      response.url().includes('/api/workspaces') &&
      response.request().method() === 'PUT' &&
      /"job":\s*"/.test(response.request().postData() ?? '')
  );
  await envs.button('Create').click();
  await expect(envs.job.getByRole('status')).toContainText('Downloading');
  await saved;
  // Galata's own reload would put the launcher in front.
  await Promise.all([
    page.waitForEvent('domcontentloaded'),
    page.evaluate(() => location.reload())
  ]);
  await expect(envs.job).toBeVisible();
  await expect(envs.job).toContainText('steady');
  await envs.ready('steady');
  await expect(envs.environment('steady')).toBeVisible();
});
