import * as fs from 'fs';

import type { AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';

import { expect, settings, test } from './fixtures';

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
    test.use({ mockSettings: settings(theme) as any });

    test(`Nothing bars anybody from panel, form, plan and job in ${theme}`, async ({
      page: labPage,
      envs,
      server
    }) => {
      const page = labPage as unknown as Page;
      await server.clear('axe');
      await server.make('seen', ['python']);
      await envs.open();
      await expect(envs.kernel('seen')).toBeVisible();
      expect(await violations(page, '#envmanager-panel')).toEqual([]);

      await envs.new();
      expect(await violations(page, '.jp-EnvManager-page')).toEqual([]);

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

    test(`Nothing bars anybody from the page of an environment in ${theme}`, async ({
      page: labPage,
      tab,
      server
    }) => {
      const page = labPage as unknown as Page;
      const check = async (selector = '.jp-EnvManager-environmentPage') =>
        expect(await violations(page, selector)).toEqual([]);
      await server.remake('axe-page', ['weather-model=1.0'], false);
      await server.change('axe-page', { pin: ['weather-data'] });
      // A page that has seen no job announces none in front of its buttons.
      await labPage.goto('?reset');
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
      await tab.tab('Share');
      await expect(tab.page).toContainText('Belongs to');
      await check();
    });
  });
}
