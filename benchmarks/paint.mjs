// Opens an environment's tab in headless Chromium again and again; prints, as JSON, how long each took to paint.
//
//   node benchmarks/paint.mjs ADDRESS ENVIRONMENT REPETITIONS
//
// The clock starts with the click on the environment in the panel and stops when the frame with the first rows of the
// package table has been painted. Scrolling: the longest time between two frames while the whole table goes by.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';

const require = createRequire(
  new URL('../ui-tests/package.json', import.meta.url)
);
const { chromium } = require('@playwright/test');

const [address, environment, repetitions] = process.argv.slice(2);
const own = '/usr/bin/chromium';
const browser = await chromium.launch({
  executablePath: existsSync(own) ? own : undefined,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking'
  ]
});
try {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 }
  });
  await page.goto(`${address}/lab?reset`);
  await page.locator('.jp-Launcher').waitFor();
  await page.evaluate(() =>
    globalThis.jupyterapp?.commands.execute('envmanager:open')
  );
  const row = page
    .locator('.jp-EnvManager-env', { hasText: environment })
    .first();
  await row.waitFor();
  const paint = [];
  const frames = [];
  for (let count = 0; count < Number(repetitions) + 1; count++) {
    const seconds = await row.evaluate(async element => {
      const begin = performance.now();
      element.click();
      const shown = () =>
        document.querySelectorAll('.jp-EnvManager-tableBody [role=row]')
          .length > 5;
      while (!shown()) {
        await new Promise(resolve => requestAnimationFrame(resolve));
      }
      // The frame that holds the rows is painted before the one after it begins.
      await new Promise(resolve =>
        requestAnimationFrame(() => requestAnimationFrame(resolve))
      );
      return (performance.now() - begin) / 1000;
    });
    const longest = await page.evaluate(async () => {
      const body = document.querySelector('.jp-EnvManager-table');
      let last = performance.now();
      let most = 0;
      for (let top = 0; top < body.scrollHeight; top += 400) {
        body.scrollTop = top;
        await new Promise(resolve => requestAnimationFrame(resolve));
        most = Math.max(most, performance.now() - last);
        last = performance.now();
      }
      return most / 1000;
    });
    if (count > 0) {
      paint.push(seconds);
      frames.push(longest);
    }
    await page.evaluate(() =>
      globalThis.jupyterapp.shell.currentWidget.close()
    );
    await page.locator('.jp-EnvManager-table').waitFor({ state: 'detached' });
  }
  console.log(JSON.stringify({ paint, frames }));
} finally {
  await browser.close();
}
