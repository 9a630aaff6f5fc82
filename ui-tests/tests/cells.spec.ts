/** What is said below a cell: a module that is missing, an install that would miss, a kernel that does not start. */
import * as fs from 'fs';
import * as path from 'path';

import type { Locator, Page } from '@playwright/test';

import { expect, type Server, test } from './fixtures';

interface IKernel {
  name: string;
  display_name: string;
  path: string;
}

/** What is in an environment that cells are to change. */
const PACKAGES = ['python', 'ipykernel', 'pip', 'weather-model=1.0'];

/** What a story needs of JupyterLab. */
interface IApplication {
  commands: { execute: (command: string, args: object) => Promise<unknown> };
  serviceManager: { kernelspecs: { refreshSpecs: () => Promise<void> } };
}

/** What a story needs of a notebook that is open. */
interface INotebookPanel {
  context: {
    sessionContext: {
      ready: Promise<void>;
      session: { kernel: { info: Promise<unknown> } };
    };
  };
}

/** The kernel of an environment. */
async function kernelOf(server: Server, environment: string): Promise<IKernel> {
  const { kernels } = await server.api<{ kernels: IKernel[] }>(
    'GET',
    'kernels'
  );
  return kernels.find(one => one.display_name === environment)!;
}

/** Let the kernel of an environment start this program. */
async function misdirect(
  server: Server,
  environment: string,
  program: string
): Promise<void> {
  const file = path.join(
    (await kernelOf(server, environment)).path,
    'kernel.json'
  );
  const spec = JSON.parse(fs.readFileSync(file, 'utf8'));
  spec.argv = [program, '-m', 'ipykernel_launcher', '-f', '{connection_file}'];
  fs.writeFileSync(file, JSON.stringify(spec));
}

/** A notebook with one code cell for each source. */
class Notebook {
  constructor(
    private readonly _page: Page,
    private readonly _server: Server
  ) {
    this.cells = _page.locator('.jp-NotebookPanel .jp-CodeCell');
  }

  /** Write it into the home and open it with the kernel of an environment. */
  async open(
    name: string,
    environment: string,
    ...sources: string[]
  ): Promise<void> {
    const kernel = await kernelOf(this._server, environment);
    const content = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {
        kernelspec: { ...kernel, language: 'python' },
        language_info: { name: 'python' }
      },
      cells: sources.map((source, index) => ({
        cell_type: 'code',
        id: `cell-${index}`,
        metadata: {},
        execution_count: null,
        outputs: [],
        source
      }))
    };
    fs.writeFileSync(
      path.join(this._server.home, name),
      JSON.stringify(content)
    );
    await this._page.evaluate(async path => {
      const { commands, serviceManager } = (
        window as unknown as { jupyterapp: IApplication }
      ).jupyterapp;
      // The story made the environment behind the page's back.
      await serviceManager.kernelspecs.refreshSpecs();
      const widget = await commands.execute('docmanager:open', { path });
      const { sessionContext } = (widget as INotebookPanel).context;
      await sessionContext.ready;
      // JupyterLab drops a cell that is run before its kernel is connected.
      await sessionContext.session.kernel.info;
    }, name);
    await expect(this.cells).toHaveCount(sources.length);
    await this.idle();
  }

  /** The kernel is there and has nothing to do. */
  async idle(): Promise<void> {
    await expect(
      this._page.locator('.jp-NotebookPanel .jp-Notebook-ExecutionIndicator')
    ).toHaveAttribute('data-status', 'idle', { timeout: 30_000 });
  }

  /** Run a cell. */
  async run(index = 0): Promise<void> {
    await this.cells.nth(index).locator('.cm-content').click();
    await this._page.keyboard.press('Control+Enter');
  }

  /** What a cell printed. */
  output(index = 0): Locator {
    return this.cells.nth(index).locator('.jp-OutputArea-output');
  }

  /** The note below a cell. */
  note(index = 0): Locator {
    return this.cells
      .nth(index)
      .getByRole('region', { name: 'Install packages' });
  }

  readonly cells: Locator;
}

test('A module that is missing is installed below its cell, which runs again', async ({
  page,
  server
}) => {
  await server.remake('cells-one', ['python', 'ipykernel']);
  const notebook = new Notebook(page, server);
  const source = 'import flask\nprint("flask", flask.__name__)';
  await notebook.open(
    'missing.ipynb',
    'cells-one',
    source,
    'import nothing_like_it'
  );
  await notebook.run();
  const note = notebook.note();
  await expect(note).toContainText('flask is not installed in cells-one.');
  await note.getByRole('button', { name: 'Install flask' }).click();
  await expect(note).toContainText(/flask [\d.]+ and \d+ more, /);
  await expect(note).toContainText('nothing else changes.');
  await note.getByRole('button', { name: 'Show the whole plan' }).click();
  const plan = note.getByRole('region', { name: 'Plan' });
  await expect(plan.getByRole('row', { name: /flask/ })).toContainText('asked');
  await note.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(notebook.output()).toHaveText('flask flask', {
    timeout: 30_000
  });
  await expect(note).toHaveCount(0);

  // No package has it: the note can be dismissed, and goes once the cell has no such error.
  await notebook.run(1);
  const other = notebook.note(1);
  await expect(other).toContainText('no package that has it was found');
  await other.getByRole('button', { name: 'Dismiss' }).click();
  await expect(other).toHaveCount(0);
  await notebook.run(1);
  await expect(other).toBeVisible();
  await notebook.cells.nth(1).locator('.cm-content').fill('print(2 + 3)');
  await notebook.run(1);
  await expect(notebook.output(1)).toHaveText('5');
  await expect(other).toHaveCount(0);

  await page.keyboard.press('Control+s');
  const file = path.join(server.home, 'missing.ipynb');
  await expect
    .poll(() => fs.readFileSync(file, 'utf8'))
    .toContain('flask flask');
  expect(fs.readFileSync(file, 'utf8')).not.toContain('not installed in');
});

test('A kernel is restarted where installed packages have changed', async ({
  page,
  server
}) => {
  await server.remake('cells-two', PACKAGES);
  const notebook = new Notebook(page, server);
  await notebook.open(
    'restart.ipynb',
    'cells-two',
    '!conda install "weather-model=2.0"',
    'x = 1',
    'print("x" in globals())'
  );
  await notebook.run(1);
  await notebook.idle();
  await notebook.run();
  const note = notebook.note();
  await note.getByRole('button', { name: 'Install into cells-two' }).click();
  await expect(note).toContainText(
    '1 installed package changes: weather-model'
  );
  await note.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(note).toContainText('variables will be lost', {
    timeout: 30_000
  });
  await note.getByRole('button', { name: 'Restart kernel' }).click();
  await notebook.idle();
  await notebook.run(2);
  await expect(notebook.output(2)).toHaveText('False');
});

test('An install line that would miss gets one hint, with the keyboard alone', async ({
  page,
  server
}) => {
  await server.remake('cells-two', PACKAGES);
  const notebook = new Notebook(page, server);
  await notebook.open(
    'hint.ipynb',
    'cells-two',
    '!pip install --user tiny-plot',
    'import tiny_plot\nprint("found")'
  );
  await notebook.run();
  const note = notebook.note();
  await expect(note).toContainText('--user');
  const install = note.getByRole('button', { name: 'Install into cells-two' });
  await install.focus();
  await page.keyboard.press('Enter');
  await expect(note).toContainText('tiny-plot 1.1');
  await expect(
    note.getByRole('button', { name: 'Install', exact: true })
  ).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(note).toContainText('tiny-plot is installed in cells-two', {
    timeout: 30_000
  });
  await notebook.run(1);
  await expect(notebook.output(1)).toHaveText('found');

  await note.getByRole('button', { name: 'Dismiss' }).click();
  await notebook.run();
  await notebook.idle();
  await expect(note).toHaveCount(0);
});

test('A kernel whose environment is gone explains itself in the notebook', async ({
  page,
  server
}) => {
  await server.make('cells-gone', ['python', 'ipykernel']);
  const notebook = new Notebook(page, server);
  fs.rmSync(server.prefix('cells-gone'), { recursive: true });
  await notebook.open('gone.ipynb', 'cells-gone', 'print(1)');
  await notebook.run();
  const problem = notebook.cells
    .first()
    .locator('.jp-EnvManager-kernelProblem');
  await expect(problem).toContainText('cells-gone');
  await expect(problem.getByRole('button').first()).toBeVisible();
  await problem.getByRole('button', { name: 'Choose another environment' }).click();
  await expect(page.getByRole('dialog')).toContainText('Switch to environment');
});

test('A kernel that starts another Python is written anew, and the cell runs again', async ({
  page,
  server
}) => {
  await server.make('cells-one', ['python', 'ipykernel']);
  await server.remake('cells-wrong', ['python', 'ipykernel', 'idna']);
  const python = path.join(server.prefix('cells-one'), 'bin', 'python');
  await misdirect(server, 'cells-wrong', python);
  const notebook = new Notebook(page, server);
  await notebook.open(
    'wrong.ipynb',
    'cells-wrong',
    'import idna\nprint("found")'
  );
  await notebook.run();
  const note = notebook.note();
  await expect(note).toContainText('The kernel does not find idna.');
  await expect(note).toContainText(`but starts ${python}`);
  await expect(note.getByRole('button', { name: 'Install' })).toHaveCount(0);
  const item = page.getByRole('button', { name: /^Environment of this notebook/ });
  await expect(item).toHaveAttribute('title', /but starts/);
  const banner = page.getByRole('region', {
    name: 'Environment of this notebook'
  });
  await expect(banner).toContainText('does not run in its environment');
  await note.getByRole('button', { name: 'Register again' }).click();
  await expect(notebook.output()).toHaveText('found', { timeout: 30_000 });
  await expect(note).toHaveCount(0);
  await expect(banner).toHaveCount(0);
});

test('A kernel that is repaired below a cell runs that cell', async ({
  page,
  server
}) => {
  await server.remake('cells-lost', ['python', 'ipykernel']);
  const gone = path.join(server.home, 'gone', 'bin', 'python');
  await misdirect(server, 'cells-lost', gone);
  const notebook = new Notebook(page, server);
  await notebook.open('lost.ipynb', 'cells-lost', 'print(4 + 5)');
  const banner = page.getByRole('region', {
    name: 'Environment of this notebook'
  });
  await expect(banner).toBeVisible();
  await notebook.run();
  const problem = notebook.cells
    .first()
    .locator('.jp-EnvManager-kernelProblem');
  await expect(problem).toBeVisible();
  // Once is enough.
  await expect(banner).toHaveCount(0);
  await problem.getByRole('button', { name: 'Register again' }).click();
  await expect(notebook.output()).toHaveText('9', { timeout: 30_000 });
  await expect(problem).toHaveCount(0);
});

test('A restart that has not helped is not offered again', async ({
  page,
  server
}) => {
  await server.make('cells-one', ['python', 'ipykernel']);
  const notebook = new Notebook(page, server);
  await notebook.open(
    'again.ipynb',
    'cells-one',
    'raise ModuleNotFoundError("No module named \'ipykernel\'")'
  );
  await notebook.run();
  const note = notebook.note();
  await expect(note).toContainText('A restart may help');
  await note.getByRole('button', { name: 'Restart and run' }).click();
  await expect(note).toContainText('also after a restart');
  await expect(note.getByRole('button', { name: 'Restart' })).toHaveCount(0);
});

test.describe('Without hints', () => {
  test.use({
    settings: { 'jupyter-envmanager:plugin': { notebookHints: false } }
  });

  test('nothing is said below a cell', async ({ page, server }) => {
    await server.make('cells-one', ['python', 'ipykernel']);
    const notebook = new Notebook(page, server);
    await notebook.open(
      'quiet.ipynb',
      'cells-one',
      'import nothing_like_it',
      'print(7)'
    );
    await notebook.run();
    await expect(notebook.output()).toContainText('ModuleNotFoundError');
    await notebook.run(1);
    await expect(notebook.output(1)).toHaveText('7');
    await expect(notebook.note()).toHaveCount(0);
  });
});
