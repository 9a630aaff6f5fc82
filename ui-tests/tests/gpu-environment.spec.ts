/** GPUs of a machine that has none, as most that run these stories: the panel's section, and the tab of an environment. */
import * as fs from 'fs';
import * as path from 'path';

import { type EnvironmentTab, expect, type Server, test } from './fixtures';

const NAME = 'torch-here';

/** A pytorch as it comes where there is no GPU. */
async function open(tab: EnvironmentTab, server: Server): Promise<void> {
  await server.make(NAME, ['python', 'pytorch'], false);
  await tab.open(NAME);
  await tab.tab('GPU');
}

test('Another target is previewed as a change; what goes against it takes a yes', async ({
  tab,
  server
}) => {
  await open(tab, server);
  const target = tab.page.getByRole('region', { name: 'GPU target' });
  await expect(target).toContainText('This machine');
  await target.getByRole('button', { name: 'Change…' }).click();
  await target.getByRole('radio', { name: 'H100 nodes' }).click();
  await expect(tab.pending).toHaveText('make it for “H100 nodes”');
  await tab.preview();
  await expect(tab.plan.getByRole('row', { name: /pytorch/ }).first()).toContainText(
    'CPU build → CUDA 12.9'
  );

  await tab.tab('Packages');
  await tab.search.fill('pytorch=*=cpu*');
  await tab.search.press('Enter');
  await tab.preview();
  await expect(tab.button('Apply')).toBeDisabled();
  await tab.button('Apply the CPU build anyway').click();
  await expect(tab.button('Apply')).toBeEnabled();
  await tab.button('Discard').click();
  await expect(tab.plan).toHaveCount(0);
});

test('A check finds the CPU build; one that takes too long is cancelled; no driver is no error', async ({
  page,
  envs,
  tab,
  server
}) => {
  await open(tab, server);
  await test.step('without a driver the section of the panel says what that means', async () => {
    const section = envs.panel.locator('.jp-AccordionPanel-title', {
      hasText: 'GPUs'
    });
    // It has nothing to say that is news.
    await expect(section).toHaveAttribute('aria-expanded', 'false');
    await section.click();
    await expect(
      envs.panel.getByText(
        'No NVIDIA driver on this machine: new environments made for this machine get CPU builds'
      )
    ).toBeVisible();
    await expect(envs.panel.locator('.jp-EnvManager-gpu')).toHaveCount(0);
    await expect(envs.panel.getByRole('alert')).toHaveCount(0);
  });

  const check = tab.page.getByRole('region', { name: 'GPU check' });
  await expect(check).toContainText('Not checked yet');
  await expect(tab.page.locator('[data-package="pytorch"]')).toContainText(
    'CPU build'
  );

  await tab.tab('Packages');
  await envs.environment(NAME).getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Check GPU' }).click();
  await expect(check).toHaveAttribute('data-gpu-state', 'cpu_build');
  await expect(check.getByRole('group', { name: 'torch' })).toBeVisible();
  await expect(envs.environment(NAME)).toContainText('CPU build');
  await tab.tab('Packages');
  await tab.button('CPU build · checked today').click();
  await expect(check).toBeVisible();

  // Its files are shared with the package cache: this one gets a file of its own.
  const lib = path.join(server.prefix(NAME), 'lib');
  const python = fs.readdirSync(lib).find(name => /^python3/.test(name))!;
  const file = path.join(lib, python, 'site-packages', 'torch', '__init__.py');
  fs.rmSync(file);
  fs.writeFileSync(file, 'import time; time.sleep(60)\n');
  await tab.button('Check GPU').click();
  await expect(check).toHaveAttribute('data-gpu-state', 'running');
  await expect(envs.environment(NAME)).toContainText('checking GPU…');
  await expect(tab.button('Cancel')).toBeFocused();
  await tab.button('Cancel').click();
  await expect(check).toHaveAttribute('data-gpu-state', 'cpu_build');
  await server.clear(NAME);
});
