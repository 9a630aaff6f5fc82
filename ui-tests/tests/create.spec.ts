import { expect, test } from './fixtures';

test('A new environment is previewed, made, and runs a cell', async ({
  page,
  envs,
  server
}) => {
  await server.clear('stats');
  await envs.open();
  await envs.new();
  await envs.name.fill('stats');
  await envs.add('pandas');

  await envs.preview();
  await expect(envs.plan.getByRole('row', { name: /pandas/ })).toContainText(
    'asked'
  );
  await expect(envs.plan.getByRole('row', { name: /ipykernel/ })).toContainText(
    'for the kernel'
  );
  expect(await server.environments()).not.toContain('stats');

  await envs.button('Create').click();
  await envs.ready('stats');
  await expect(envs.environment('stats')).toBeVisible();

  await envs.button('Open notebook').click();
  const notebook = page.locator('.jp-NotebookPanel');
  await expect(notebook.locator('.jp-Toolbar-kernelName')).toHaveText('stats');
  // JupyterLab drops a cell that is run before its kernel is connected.
  await expect(
    notebook.locator('.jp-Notebook-ExecutionIndicator')
  ).toHaveAttribute('data-status', 'idle', { timeout: 30_000 });
  const cell = notebook.locator('.jp-Cell').first();
  await cell.locator('.cm-content').fill('import sys; print(sys.prefix)');
  await cell.locator('.cm-content').press('Shift+Enter');
  await expect(cell.locator('.jp-OutputArea-output')).toHaveText(
    server.prefix('stats'),
    { timeout: 30_000 }
  );
});

test('The kernel of a new environment appears in the launcher without a reload', async ({
  page,
  envs,
  server
}) => {
  await server.clear('fresh');
  const card = page.locator('.jp-LauncherCard[title^="Fresh kernel"]');
  await expect(page.locator('.jp-Launcher')).toBeVisible();
  await expect(card).toHaveCount(0);

  await envs.open();
  await envs.new();
  await envs.name.fill('fresh');
  await envs.form.getByLabel('Kernel display name').fill('Fresh kernel');
  await envs.preview();
  await envs.button('Create').click();
  await envs.ready('fresh');

  await page.getByRole('tab', { name: 'Launcher' }).click();
  await expect(card.first()).toBeVisible();
});

test('What cannot be is refused at its field: packages and names', async ({
  envs,
  server
}) => {
  await server.clear('rival');
  await server.make('taken', ['big-download'], false);
  await envs.open();
  await envs.new();
  await test.step('a package that does not exist is named, with the nearest that does', async () => {
    await envs.name.fill('wrong');
    await envs.add('pandsa');
    await envs.button('Preview').click();

    const problem = envs.problem('Packages');
    await expect(problem).toContainText('pandsa');
    await expect(problem).toContainText('Did you mean pandas?');
    await expect(envs.button('Create')).toBeDisabled();
    expect(await server.environments()).not.toContain('wrong');
  });

  await test.step('a name that cannot be is refused', async () => {
    await envs.anew();
    await envs.button('Preview').click();
    await expect(envs.problem('Name')).toContainText('Give the environment a');

    const before = await server.environments();
    await envs.name.fill('two words');
    await expect(envs.problem('Name')).toHaveCount(0);
    await envs.button('Preview').click();
    await expect(envs.problem('Name')).toContainText('two-words');
    expect(await server.environments()).toEqual(before);
  });

  await test.step('a name that is taken is refused, before and after the preview', async () => {
    await envs.anew();
    await envs.python.selectOption('No Python');
    await envs.add('big-download');
    await envs.name.fill('taken');
    await envs.button('Preview').click();
    await expect(envs.problem('Name')).toContainText('already');

    await envs.name.fill('rival');
    await envs.preview();
    await server.make('rival', ['big-download'], false);
    // The news of the rival may lie over the button.
    await envs.button('Create').press('Enter');
    await expect(envs.problem('Name')).toContainText('already');
    await expect(envs.button('Create')).toBeDisabled();
  });
});
