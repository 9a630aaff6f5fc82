/**
 * The browser stories: a few servers, each with a home of its own, and one story at a time on each.
 *
 * ENVMANAGER_PYTHON names the Python whose JupyterLab is tested; by default that of the checkout's .venv, else `python`.
 */
const fs = require('fs');
const path = require('path');
const base = require('@jupyterlab/galata/lib/playwright-config');

// Pictures are taken of one home, in their order.
const workers = process.env.SCREENSHOTS
  ? 1
  : Number(process.env.ENVMANAGER_WORKERS ?? 2);
const first = Number(process.env.ENVMANAGER_PORT ?? 8898);
// Each server has two: see serve.py, and `address` of the fixtures.
const ports = Array.from({ length: workers }, (_, index) => first + 2 * index);
const checkout = path.join(__dirname, '..', '.venv', 'bin', 'python');
const python =
  process.env.ENVMANAGER_PYTHON ??
  (fs.existsSync(checkout) ? checkout : 'python');
const chromium = '/usr/bin/chromium';

module.exports = {
  ...base,
  testDir: 'tests',
  testIgnore: process.env.SCREENSHOTS ? [] : '**/screenshots.spec.ts',
  workers,
  // One more try where other work on the machine may starve a kernel.
  retries: process.env.CI ? 1 : 0,
  // A story takes 5 to 25 s where two run at a time on two cores, the first ones longer; none is about how long.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./reporter.js']],
  use: {
    ...base.use,
    baseURL: `http://127.0.0.1:${first}/user/ann`,
    viewport: { width: 1280, height: 800 },
    video: 'off',
    // Recording each story would double its time.
    trace: 'on-first-retry',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    launchOptions: fs.existsSync(chromium)
      ? {
          executablePath: chromium,
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync'
          ]
        }
      : {}
  },
  webServer: ports.map(port => ({
    command: `"${python}" serve.py`,
    url: `http://127.0.0.1:${port}/user/ann/api`,
    env: { ENVMANAGER_PORT: String(port) },
    // The first start builds the channel: wheels are downloaded, a Python is packaged.
    timeout: 300_000,
    reuseExistingServer: !process.env.CI,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 }
  }))
};
