/** What every story has: JupyterLab behind a base URL, a home, and a channel that misbehaves on demand. */
import * as fs from 'fs';
import * as path from 'path';

import { expect, galata, test as base } from '@jupyterlab/galata';
import type {
  APIRequestContext,
  BrowserContext,
  Locator,
  Page
} from '@playwright/test';

export { expect };

/** What a fault does to requests; see `Fault` of scripts/local_channel.py. */
interface IFault {
  status?: number;
  bytes_per_second?: number;
  delay?: number;
}

/** What the server tells about itself. */
interface IPlaces {
  home: string;
  condarc: string;
  channel: string;
  failing: string;
  settings: string;
}

/** Settings of JupyterLab, by plugin. */
type Settings = Record<string, Record<string, unknown>>;

/** A job, as far as stories look at it. */
interface IJob {
  id: string;
  state: string;
}

/** The server behind the page: its home, its channel, its REST. */
export class Server {
  constructor(
    private readonly _request: APIRequestContext,
    private readonly _baseURL: string
  ) {
    const url = new URL(_baseURL);
    this._control = `http://${url.hostname}:${Number(url.port) + 1}/`;
  }

  async start(): Promise<void> {
    this._places = await (await this._request.get(this._control)).json();
  }

  get home(): string {
    return this._places.home;
  }

  get channel(): string {
    return this._places.channel;
  }

  get failing(): string {
    return this._places.failing;
  }

  /** The folder of a named environment. */
  prefix(name: string): string {
    return path.join(this.home, '.conda', 'envs', name);
  }

  /** Let requests for these packages go wrong, or be slow. */
  async fault(pattern: string, fault: IFault): Promise<void> {
    await this._request.post(this._control, { data: { [pattern]: fault } });
  }

  /** Download again what matches, slowly. */
  async slow(packages: string, bytesPerSecond: number): Promise<void> {
    const cache = path.join(this.home, '.conda', 'pkgs');
    const names = fs.existsSync(cache) ? fs.readdirSync(cache) : [];
    for (const name of names.filter(name => name.startsWith(packages))) {
      fs.rmSync(path.join(cache, name), { recursive: true });
    }
    await this.fault(`*/${packages}-*`, { bytes_per_second: bytesPerSecond });
  }

  /** Write `.condarc`; without a text, the one that works. */
  writeCondarc(text?: string): void {
    const file = path.join(this.home, '.condarc');
    fs.writeFileSync(file, text ?? this._places.condarc);
  }

  /** Set what the user has set in JupyterLab, for pages that are loaded from now on. */
  writeSettings(settings: Settings): void {
    fs.rmSync(this._places.settings, { recursive: true, force: true });
    for (const [plugin, values] of Object.entries(settings)) {
      const [folder, name] = plugin.split(':');
      const file = path.join(
        this._places.settings,
        folder,
        `${name}.jupyterlab-settings`
      );
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, JSON.stringify(values));
    }
  }

  /** Ask the environment manager. */
  async api<T>(method: string, route: string, data?: unknown): Promise<T> {
    const url = `${this._baseURL}/envmanager/${route}`;
    const response = await this._request.fetch(url, { method, data });
    if (!response.ok()) {
      throw new Error(`${method} ${route}: ${await response.text()}`);
    }
    return response.json();
  }

  /** The names of the environments there are. */
  async environments(): Promise<string[]> {
    const { environments } = await this.api<{
      environments: { name: string }[];
    }>('GET', 'environments');
    return environments.map(({ name }) => name);
  }

  /** Make an environment before a story starts; one that is there stays. */
  async make(name: string, specs: string[], kernel = true): Promise<void> {
    if ((await this.environments()).includes(name)) {
      return;
    }
    const job = await this.api<IJob>('POST', 'environments', {
      name,
      source: { type: 'specs', specs },
      kernel: kernel ? { display_name: name } : null
    });
    await this._succeeds(job);
  }

  /** Make an environment afresh, whatever an earlier story has done to it. */
  async remake(name: string, specs: string[], kernel = true): Promise<void> {
    await this.clear(name);
    await this.make(name, specs, kernel);
  }

  /** Change an environment behind the page's back. */
  async change(name: string, change: unknown): Promise<void> {
    const { environments } = await this.api<{
      environments: { id: string; name: string }[];
    }>('GET', 'environments');
    const { id } = environments.find(one => one.name === name)!;
    await this._succeeds(
      await this.api<IJob>('POST', `environments/${id}/changes`, change)
    );
  }

  /** Take environments away, so that a second try of a story starts afresh. */
  async clear(...names: string[]): Promise<void> {
    const { environments } = await this.api<{
      environments: { id: string; name: string }[];
    }>('GET', 'environments');
    const jobs: IJob[] = [];
    for (const { id } of environments.filter(({ name }) =>
      names.includes(name)
    )) {
      jobs.push(await this.api<IJob>('DELETE', `environments/${id}`));
    }
    for (const job of jobs) {
      await this._succeeds(job);
    }
  }

  /** Take away what earlier stories have left: a menu lists only so many. */
  async keepOnly(...names: string[]): Promise<void> {
    const { environments } = await this.api<{
      environments: { name: string; kind: string }[];
    }>('GET', 'environments');
    const others = environments.filter(
      ({ name, kind }) => kind === 'named' && !names.includes(name)
    );
    await this.clear(...others.map(({ name }) => name));
  }

  /** Undo what a story has done to channel, configuration and kernels. */
  async tidy(): Promise<void> {
    await this._request.delete(this._control);
    this.writeCondarc();
    const sessions = `${this._baseURL}/api/sessions`;
    for (const { id } of await (await this._request.get(sessions)).json()) {
      await this._request.delete(`${sessions}/${id}`);
    }
  }

  /** A job is done: how long that takes is not what a story is about. */
  private async _succeeds({ id }: IJob): Promise<void> {
    await expect
      .poll(async () => (await this.api<IJob>('GET', `jobs/${id}`)).state, {
        intervals: [200],
        timeout: 90_000
      })
      .toBe('succeeded');
  }

  private readonly _control: string;
  private _places!: IPlaces;
}

/** The Environments panel and the page of a new environment. */
export class Environments {
  constructor(readonly page: Page) {
    this.panel = page.locator('#envmanager-panel');
    this.form = page.locator('.jp-EnvManager-page').filter({ visible: true });
    this.plan = this.form.locator('.jp-EnvManager-plan');
    this.job = this.form.locator('.jp-EnvManager-job-page');
    this.name = this.form.getByRole('textbox', { name: 'Name', exact: true });
    this.packages = this.form.getByRole('combobox', { name: 'Packages' });
    this.python = this.form.getByRole('combobox', {
      name: 'Python',
      exact: true
    });
  }

  /** Show the panel. */
  async open(): Promise<void> {
    if (!(await this.panel.isVisible())) {
      await this.page
        .getByRole('tab', { name: 'Environments', exact: true })
        .click();
    }
    await expect(
      this.panel.locator('.jp-EnvManager-env').first()
    ).toBeVisible();
  }

  /** The row of an environment. */
  environment(name: string): Locator {
    return this.panel.locator('.jp-EnvManager-env').filter({
      has: this.page.locator('.jp-EnvManager-rowName', {
        hasText: new RegExp(`^${name.replace(/[.]/g, '\\.')}$`)
      })
    });
  }

  /** The row of a kernel. */
  kernel(name: string): Locator {
    return this.panel.locator('.jp-EnvManager-kernel').filter({
      has: this.page.locator('.jp-EnvManager-rowName', {
        hasText: new RegExp(`^${name}$`)
      })
    });
  }

  /** Open the form from the panel. */
  async new(): Promise<void> {
    await this.panel
      .getByRole('button', { name: 'New environment' })
      .first()
      .click();
    await expect(this.name).toBeVisible();
  }

  /** Leave the form for an empty one. */
  async anew(): Promise<void> {
    await this.page.evaluate(() =>
      (window as any).jupyterapp.commands.execute('application:close')
    );
    await expect(this.name).toHaveCount(0);
    await this.new();
  }

  /** Add packages to the form. */
  async add(...specs: string[]): Promise<void> {
    for (const spec of specs) {
      await this.packages.fill(spec);
      await this.packages.press('Enter');
    }
  }

  /** Press Preview and wait for the plan. */
  async preview(): Promise<void> {
    await this.button('Preview').click();
    await expect(this.plan.getByRole('region', { name: 'Plan' })).toBeVisible();
  }

  /** A button of the page. */
  button(name: string): Locator {
    return this.form.getByRole('button', { name, exact: true });
  }

  /** What is said to be wrong with a field. */
  problem(label: string): Locator {
    return this.form
      .locator('.jp-EnvManager-field')
      .filter({
        has: this.page.locator('.jp-EnvManager-label', { hasText: label })
      })
      .getByRole('alert');
  }

  /** The form is done, the job too. */
  async ready(name: string): Promise<void> {
    await expect(
      this.form.getByRole('heading', { name: `Environment ${name} is ready` })
    ).toBeVisible({ timeout: 60_000 });
  }

  readonly panel: Locator;
  readonly form: Locator;
  readonly plan: Locator;
  readonly job: Locator;
  readonly name: Locator;
  readonly packages: Locator;
  readonly python: Locator;
}

/** The page of an environment. */
export class EnvironmentTab {
  constructor(private readonly _envs: Environments) {
    const { page } = _envs;
    this.page = page
      .locator('.jp-EnvManager-environmentPage')
      .filter({ visible: true });
    this.search = this.page.getByRole('searchbox', { name: 'Search packages' });
    this.table = this.page.getByRole('grid', { name: 'Packages' });
    this.available = this.page.getByRole('region', { name: 'Available' });
    this.pending = this.page.getByRole('group', { name: 'Pending changes' });
    this.plan = this.page.getByRole('region', { name: 'Plan' });
    this.job = this.page.getByRole('region', { name: 'Job' });
  }

  /** Open it from the panel. */
  async open(name: string): Promise<void> {
    await this._envs.open();
    await this._envs.environment(name).click();
    await expect(
      this.page.getByRole('heading', { name, exact: true })
    ).toBeVisible();
    await expect(this.table).toBeVisible();
  }

  /** A button of the page. */
  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The row of an installed package; only rows in view are there. */
  row(name: string): Locator {
    return this.table.locator(`[data-package="${name}"]`);
  }

  /** Choose something from the menu of a package. */
  async choose(name: string, item: string): Promise<void> {
    await this.button(`Actions for ${name}`).click();
    await this._envs.page.getByRole('menuitem', { name: item }).click();
  }

  /** Go to one of the tabs. */
  async tab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
  }

  /** Press Preview and wait for the plan. */
  async preview(): Promise<void> {
    await this.button('Preview').click();
    await expect(this.plan).toBeVisible();
  }

  /** Press Apply and wait until it is done. */
  async apply(): Promise<void> {
    await this.button('Apply').click();
    await this.done();
  }

  /** The job has succeeded. */
  async done(): Promise<void> {
    await expect(this.job).toHaveAttribute('data-job-state', 'succeeded', {
      timeout: 60_000
    });
    await expect(this.job).toContainText('Done in');
  }

  readonly page: Locator;
  readonly search: Locator;
  readonly table: Locator;
  readonly available: Locator;
  readonly pending: Locator;
  readonly plan: Locator;
  readonly job: Locator;
}

/** The server of one of the parallel workers. */
function address(first: string, index: number): string {
  const url = new URL(first);
  url.port = String(Number(url.port) + 2 * index);
  return url.href;
}

export const test = base.extend<
  {
    server: Server;
    envs: Environments;
    tab: EnvironmentTab;
    /** Where the page is when a story begins; null: the story opens its own. */
    start: string | null;
    /** What the user has set in JupyterLab. */
    settings: Settings;
  },
  { kept: { context?: BrowserContext } }
>({
  autoGoto: false,
  start: ['?reset', { option: true }],
  settings: [{}, { option: true }],
  // Galata gives a page 15 s, which two at a time may need on a small machine.
  waitForApplication: async ({}, use) => {
    await use(async (_, helpers) => {
      await helpers.waitForCondition(
        () => helpers.activity.isTabActive('Launcher'),
        60_000
      );
      // It is not always marked as the current one.
      if (!(await helpers.isInSimpleMode())) {
        await helpers.activity.activateTab('Launcher');
      }
    });
  },
  baseURL: async ({ baseURL }, use, { parallelIndex }) => {
    await use(address(baseURL!, parallelIndex));
  },
  server: [
    async ({ playwright, baseURL }, use) => {
      const request = await playwright.request.newContext();
      const server = new Server(request, baseURL!);
      await server.start();
      await use(server);
      await server.tidy();
      await request.dispose();
    },
    { auto: true }
  ],
  kept: [
    async ({}, use) => {
      const kept: { context?: BrowserContext } = {};
      await use(kept);
      await kept.context?.close();
    },
    { scope: 'worker' }
  ],
  // One for all stories of a worker: its cache holds JupyterLab, compiled. A story that fails ends its worker.
  context: async ({ browser, kept }, use) => {
    kept.context ??= await browser.newContext();
    await use(kept.context);
    await kept.context.clearPermissions();
    await kept.context.clearCookies();
  },
  // Loaded anew for each story, without Galata's mocks: to intercept requests switches the browser's cache off.
  page: async (
    { context, baseURL, appPath, waitForApplication, server, settings, start },
    use,
    info
  ) => {
    const own = context.pages()[0] ?? (await context.newPage());
    const page = galata.addHelpersToPage(
      own,
      baseURL!,
      waitForApplication,
      appPath
    );
    server.writeSettings(settings);
    if (start !== null) {
      await page.goto(start);
    }
    await use(page);
    if (info.status === info.expectedStatus) {
      await own.evaluate(() => {
        localStorage.clear();
        sessionStorage.clear();
      });
      // What it runs ends before the server is tidied.
      await own.goto('about:blank');
    }
  },
  envs: async ({ page }, use) => {
    await use(new Environments(page as unknown as Page));
  },
  tab: async ({ envs }, use) => {
    await use(new EnvironmentTab(envs));
  }
});
