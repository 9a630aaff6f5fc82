/** The notebook that knows its environment: toolbar item, new environments, metadata, banner. */
import * as fs from 'fs';
import * as path from 'path';

import type { Locator, Page } from '@playwright/test';

import { expect, type Server, test } from './fixtures';

/** What a story needs of the application. */
interface IApplication {
  commands: { execute: (command: string, args?: object) => Promise<unknown> };
  serviceManager: {
    contents: { rename: (from: string, to: string) => Promise<unknown> };
  };
  shell: { currentWidget: { context: { model: { dirty: boolean } } } };
}

type Metadata = Record<string, unknown>;

/** A notebook in JupyterLab, and its file. */
class Notebook {
  constructor(
    private readonly _page: Page,
    private readonly _server: Server,
    readonly name: string
  ) {
    const panel = _page.locator('.jp-NotebookPanel').filter({ visible: true });
    this.item = panel.getByRole('button', {
      name: /^Environment of this notebook/
    });
    this.banner = panel.getByRole('region', {
      name: 'Environment of this notebook'
    });
    this.output = panel.locator('.jp-OutputArea-output');
  }

  /** Write its file. */
  write(metadata: Metadata, ...sources: string[]): void {
    const cells = sources.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null
    }));
    const content = { nbformat: 4, nbformat_minor: 5, metadata, cells };
    fs.writeFileSync(this.file, JSON.stringify(content));
  }

  /** Open it. */
  async open(): Promise<void> {
    await this.execute('docmanager:open', { path: this.name });
    await expect(this.item).toBeVisible();
  }

  /** Choose something from the menu of its environment, which opens by keyboard. */
  async choose(entry: string | RegExp): Promise<void> {
    await this.item.press('Enter');
    await this._page
      .getByRole('menu')
      .getByText(entry, { exact: true })
      .click();
  }

  /** Run all cells; the last one prints where it runs. */
  async runsIn(name: string): Promise<void> {
    // A kernel that has just been chosen takes cells a moment later.
    await expect(async () => {
      await this.execute('notebook:run-all-cells');
      await expect(this.output.last()).toHaveText(this._server.prefix(name), {
        timeout: 10_000
      });
    }).toPass({ timeout: 60_000 });
  }

  /** Save it, and read the metadata in its file. */
  async save(): Promise<Metadata> {
    await this.execute('docmanager:save');
    return JSON.parse(fs.readFileSync(this.file, 'utf8')).metadata;
  }

  /** Whether JupyterLab would save it. */
  isDirty(): Promise<boolean> {
    return this._page.evaluate(
      () =>
        (window as unknown as { jupyterapp: IApplication }).jupyterapp.shell
          .currentWidget.context.model.dirty
    );
  }

  async execute(command: string, args = {}): Promise<void> {
    await this._page.evaluate(
      async ([command, args]) => {
        const { jupyterapp } = window as unknown as {
          jupyterapp: IApplication;
        };
        await jupyterapp.commands.execute(command as string, args as object);
      },
      [command, args]
    );
  }

  get file(): string {
    return path.join(this._server.home, this.name);
  }

  readonly item: Locator;
  readonly banner: Locator;
  readonly output: Locator;
}

const WHERE = 'import sys\nprint(sys.prefix)';
const PYTHON = { name: 'python' };

/** What a notebook has that was made with an environment that is not here. */
const ELSEWHERE = {
  kernelspec: { name: 'far-away', display_name: 'Far', language: 'python' },
  language_info: PYTHON,
  jupyter_envmanager: {
    name: 'elsewhere',
    specs: ['requests', 'weather-data=1.0'],
    pypi: [],
    channels: ['conda-forge'],
    lock: 'f00',
    python: null
  }
};

function kernelOf(name: string): Metadata {
  const kernelspec = { name, display_name: name, language: 'python' };
  return { kernelspec, language_info: PYTHON };
}

test('A notebook switches to an environment without a kernel, and carries it', async ({
  page,
  server
}) => {
  await server.keepOnly('stats');
  await server.make('stats', ['python', 'requests']);
  await server.remake('bare', ['python', 'ipykernel', 'idna'], false);
  const notebook = new Notebook(page as unknown as Page, server, 'sw.ipynb');
  notebook.write(kernelOf('stats'), WHERE);
  await notebook.open();
  await expect(notebook.item).toHaveText(/^stats· Python \d/);
  await expect(notebook.banner).toBeHidden();

  await notebook.choose(/^bare · Python/);
  await expect(notebook.item).toHaveText(/^bare/);
  await notebook.runsIn('bare');

  await expect
    .poll(async () => (await notebook.save()).jupyter_envmanager)
    .toMatchObject({
      name: 'bare',
      specs: expect.arrayContaining(['ipykernel', 'idna'])
    });
  const { jupyter_envmanager } = await notebook.save();
  expect(JSON.stringify(jupyter_envmanager)).not.toContain(server.home);
  expect(JSON.stringify(jupyter_envmanager)).not.toContain('127.0.0.1');

  // To open it changes nothing.
  await notebook.execute('application:close');
  await notebook.open();
  await expect(notebook.item).toHaveText(/^bare/);
  await notebook.runsIn('bare');
  await notebook.save();
  await notebook.execute('application:close');
  const text = fs.readFileSync(notebook.file, 'utf8');
  await notebook.open();
  await expect(notebook.item).toHaveText(/^bare/);
  expect(await notebook.isDirty()).toBe(false);
  expect(fs.readFileSync(notebook.file, 'utf8')).toBe(text);
});

test('A notebook gets an environment with what it imports', async ({
  page,
  envs,
  server
}) => {
  await server.make('stats', ['python', 'requests']);
  await server.clear('study');
  fs.rmSync(path.join(server.home, 'renamed.ipynb'), { force: true });
  const notebook = new Notebook(page as unknown as Page, server, 'study.ipynb');
  notebook.write(
    kernelOf('stats'),
    'import json, requests\nif False:\n    import no_such_module_here',
    WHERE
  );
  await notebook.open();
  await expect(notebook.item).toHaveText(/^stats/);
  await notebook.choose('New Environment for This Notebook…');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('New environment for study.ipynb');
  await expect(
    dialog.getByRole('checkbox', { name: 'requests' })
  ).toBeChecked();
  const unknown = dialog.getByRole('row').filter({
    hasText: 'no_such_module_here'
  });
  await expect(unknown.getByRole('checkbox')).not.toBeChecked();
  await expect(dialog.getByRole('checkbox', { name: 'json' })).toHaveCount(0);
  await unknown.getByRole('textbox').fill('idna');
  await dialog.getByRole('button', { name: 'Continue' }).click();

  await expect(envs.name).toHaveValue('study');
  await expect(
    envs.form.getByRole('heading', { name: 'New environment for study.ipynb' })
  ).toBeVisible();
  await expect(envs.form).toContainText('study.ipynb will run in it.');
  await expect(
    page.getByRole('tab', { name: 'New environment for study.ipynb' })
  ).toBeVisible();
  await expect(envs.form).toContainText('requests');
  await expect(envs.form).toContainText('idna');
  await envs.preview();
  // Whoever asked is known, whatever it is called by then.
  await page.evaluate(async () => {
    const { jupyterapp } = window as unknown as { jupyterapp: IApplication };
    const { contents } = jupyterapp.serviceManager;
    await contents.rename('study.ipynb', 'renamed.ipynb');
  });
  await envs.button('Create').click();
  await envs.ready('study');
  await expect(page.getByText('renamed.ipynb now runs in study.')).toBeVisible();

  const renamed = new Notebook(page as unknown as Page, server, 'renamed.ipynb');
  await envs.button('Back to renamed.ipynb').click();
  await expect(renamed.item).toHaveText(/^study/);
  await renamed.runsIn('study');
});

test('A notebook made elsewhere offers to make its environment', async ({
  page,
  envs,
  server
}) => {
  await server.make('stats', ['python', 'requests']);
  await server.clear('elsewhere');
  const notebook = new Notebook(page as unknown as Page, server, 'far.ipynb');
  notebook.write(ELSEWHERE, WHERE);
  await notebook.open();
  await expect(notebook.banner).toContainText(
    'This notebook was made in “elsewhere” (2 packages), which is not here.'
  );
  // The banner says more than the dialog that lists kernels.
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await notebook.isDirty()).toBe(false);

  await notebook.banner.getByRole('button', { name: 'Create it…' }).click();
  await expect(envs.name).toHaveValue('elsewhere');
  await expect(envs.form).toContainText('weather-data=1.0');
  await envs.python.selectOption('latest');
  await envs.form.getByLabel('Register a kernel').check();
  await envs.preview();
  await envs.button('Create').click();
  await envs.ready('elsewhere');

  await notebook.open();
  await expect(notebook.item).toHaveText(/^elsewhere/);
  await expect(notebook.banner).toBeHidden();
  await notebook.runsIn('elsewhere');
});

test('A notebook made elsewhere runs in an environment that is chosen', async ({
  page,
  server
}) => {
  await server.keepOnly('stats');
  await server.make('stats', ['python', 'requests']);
  const notebook = new Notebook(page as unknown as Page, server, 'far2.ipynb');
  notebook.write(ELSEWHERE, WHERE);
  await notebook.open();
  await notebook.banner
    .getByRole('button', { name: 'Choose another environment' })
    .click();
  await page
    .getByRole('menu')
    .getByText(/^stats · /)
    .click();
  await expect(notebook.item).toHaveText(/^stats/);
  await expect(notebook.banner).toBeHidden();
  await notebook.runsIn('stats');
});

test.describe('In Notebook 7', () => {
  test.use({
    appPath: '/tree',
    start: null,
    waitForApplication: async ({}, use) => {
      await use(async page => {
        await page.locator('.jp-FileBrowser, .jp-Notebook').first().waitFor();
      });
    }
  });

  test('The toolbar shows the environment, and switches it', async ({
    page,
    server,
    baseURL
  }) => {
    await server.keepOnly('stats', 'other');
    await server.make('stats', ['python', 'requests']);
    await server.make('other', ['python', 'requests']);
    const notebook = new Notebook(page as unknown as Page, server, 'n7.ipynb');
    notebook.write(kernelOf('stats'), WHERE);
    await page.goto(`${baseURL}/notebooks/n7.ipynb`);
    await expect(notebook.item).toHaveText(/^stats/);
    await notebook.choose(/^other · Python/);
    await expect(notebook.item).toHaveText(/^other/);
    await notebook.runsIn('other');
  });

  test('A notebook made elsewhere offers to make its environment', async ({
    page,
    envs,
    server,
    baseURL
  }) => {
    await server.make('stats', ['python', 'requests']);
    await server.clear('elsewhere');
    const notebook = new Notebook(page as unknown as Page, server, 'f7.ipynb');
    notebook.write(ELSEWHERE, WHERE);
    await page.goto(`${baseURL}/notebooks/f7.ipynb`);
    await notebook.banner.getByRole('button', { name: 'Create it…' }).click();
    await expect(envs.name).toHaveValue('elsewhere');
  });
});
