import * as fs from 'fs';

import type { AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';

import { expect, test } from './fixtures';

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds below a selector that bars somebody from using it, as lines. */
async function violations(page: Page, selector: string): Promise<string[]> {
  const { violations: found } = await page.evaluate(
    async ([source, context]) => {
      if (!('axe' in window)) {
        new Function(source)();
      }
      return (window as any).axe.run(context, {
        resultTypes: ['violations']
      }) as AxeResults;
    },
    [AXE, selector] as const
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes
        .filter(({ html, target }) => !isForeign(html, target))
        .map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`)
    );
}

/** JupyterLab's own toolbar buttons and filter box; a path of several parts leads into a web component. */
function isForeign(html: string, target: unknown[]): boolean {
  return html.startsWith('<jp-') || target.some(Array.isArray);
}

for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
  test.describe(theme, () => {
    test.use({
      settings: { '@jupyterlab/apputils-extension:themes': { theme } }
    });

    // Before the page: one that has seen no job announces none in front of its buttons.
    test.beforeEach(async ({ server }) => {
      await server.clear('axe');
      await server.make('seen', ['python']);
      await server.remake('axe-page', ['weather-model=1.0'], false);
      await server.make('axe-other', ['weather-data=2.0'], false);
      await server.change('axe-page', { pin: ['weather-data'] });
    });

    test(`Nothing bars anybody from panel, pages and form in ${theme}`, async ({
      page: labPage,
      envs,
      tab
    }) => {
      const page = labPage as unknown as Page;
      const check = async (selector = '.jp-EnvManager-environmentPage') =>
        expect(await violations(page, selector)).toEqual([]);
      await test.step('the page of an environment', async () => {
        await tab.open('axe-page');
        await expect(tab.button('Update to 2.0')).toBeVisible();
        await check();

        await tab.search.fill('weather');
        await expect(tab.available).toContainText('weather-data');
        await check();
        await tab.available
          .getByRole('button', { name: 'Versions of weather-data' })
          .click();
        await expect(page.getByRole('option', { name: '1.0' })).toBeVisible();
        await check('.jp-Dialog');
        await page.getByRole('button', { name: 'Cancel' }).click();
        await tab.search.fill('');

        await tab.choose('weather-model', 'Remove');
        await check();
        await tab.preview();
        await check();
        await tab.apply();
        await check();
        await tab.tab('History');
        await tab.page.locator('summary').first().click();
        await check();
        await tab.tab('Kernels');
        await check();
        await tab.tab('GPU');
        await check();
        await tab.button('Change…').click();
        await expect(
          tab.page.getByRole('radio', { name: 'H100 nodes' })
        ).toBeVisible();
        await check();
        await tab.tab('Share');
        await expect(tab.page).toContainText('Belongs to');
        await check();
        await tab.button('Compare…').click();
        await page
          .getByRole('dialog')
          .getByRole('combobox', { name: 'With' })
          .selectOption({ label: 'axe-other' });
        await expect(page.getByRole('dialog').getByRole('table')).toBeVisible();
        await check('.jp-Dialog');
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toHaveCount(0);
      });

      await test.step('panel, form, plan and job', async () => {
        await expect(envs.kernel('seen')).toBeVisible();
        expect(await violations(page, '#envmanager-panel')).toEqual([]);

        await envs
          .kernel('seen')
          .getByRole('button', { name: /^Actions for kernel / })
          .click();
        await page.getByRole('menuitem', { name: 'Edit…' }).click();
        const editor = page.getByRole('dialog');
        await editor.getByRole('button', { name: 'Add variable' }).click();
        await editor.getByText('Advanced').click();
        await check('.jp-Dialog');
        const named = editor.getByRole('textbox', { name: 'Name', exact: true });
        await named.fill('');
        await editor.getByRole('button', { name: 'Save' }).click();
        await expect(named).toHaveAttribute('aria-invalid', 'true');
        await check('.jp-Dialog');
        await editor.getByRole('button', { name: 'Cancel' }).click();

        await envs.new();
        // The packages last: the story goes on with them.
        for (const start of ['file', 'clone', 'archive', 'packages']) {
          await envs.form.locator(`[data-card="${start}"]`).click();
          expect(await violations(page, '.jp-EnvManager-page')).toEqual([]);
        }

        await envs.button('Preview').click();
        await expect(envs.problem('Name')).toBeVisible();
        expect(await violations(page, '.jp-EnvManager-page')).toEqual([]);

        await envs.name.fill('axe');
        await envs.add('requests>=2');
        await envs.preview();
        expect(await violations(page, '.jp-EnvManager-page')).toEqual([]);

        await envs.button('Create').click();
        await envs.ready('axe');
        expect(await violations(page, '.jp-EnvManager-page')).toEqual([]);
      });
    });
  });
}
