import { expect, test } from './fixtures';

test('A plan for the nodes of the site says which CUDA build it brings', async ({
  page,
  envs
}) => {
  await envs.open();
  await envs.new();
  const gpu = envs.form.getByRole('radiogroup', { name: 'GPU' });
  const target = (name: string) => gpu.getByRole('radio', { name });
  await expect(target('This machine')).toBeChecked();
  await envs.name.fill('torch');
  await envs.add('pytorch-gpu');
  // As with any radio buttons, the arrows walk.
  await expect(target('H100 nodes')).toBeVisible();
  await target('This machine').focus();
  await page.keyboard.press('ArrowRight');
  await expect(target('H100 nodes')).toBeChecked();

  await envs.preview();
  await expect(envs.plan).toContainText('GPU: for H100 nodes · CUDA 12.6');
  // It comes along, and is shown all the same: it is what one looks for.
  const pytorch = envs.plan.getByRole('row', { name: /pytorch 2/ });
  await expect(pytorch).toContainText(/CUDA 12\.\d build/);
  await expect(pytorch).toContainText('needed');

  await envs.form.getByRole('button', { name: 'Remove pytorch-gpu' }).click();
  await envs.add('pytorch');
  await target('CPU only').check();
  await expect(envs.plan).toContainText('outdated');
  await envs.preview();
  await expect(pytorch).toContainText('CPU build');
  await expect(envs.button('Create')).toBeEnabled();
});

test('A template fills the form for the GPU target, and leaves alone what the user adds', async ({
  envs
}) => {
  await envs.open();
  await envs.new();
  const { form } = envs;
  const chips = form.locator('.jp-EnvManager-chip');
  await form.getByRole('radio', { name: 'CPU only' }).check();
  await form.getByRole('radio', { name: 'Template' }).check();
  // It sets the channels, too; the next has none of its own.
  await form.locator('[data-card="rapids"]').click();
  await expect(form.getByRole('textbox', { name: 'Channels' })).toHaveValue(
    'rapidsai, conda-forge'
  );
  const card = form.locator('[data-card="torch"]');
  await expect(card).toContainText('this site');
  await expect(card).toContainText('as the target has no GPU');
  await card.click();
  await expect(chips).toHaveText(['weather-data', 'pytorch-cpu']);

  await envs.add('big-download');
  await form.getByRole('radio', { name: 'H100 nodes' }).check();
  await expect(chips.filter({ hasText: 'pytorch-gpu' })).toBeVisible();
  await expect(chips).toHaveCount(3);

  await envs.name.fill('course');
  await envs.preview();
  await expect(
    envs.plan.getByRole('row', { name: /pytorch-gpu/ })
  ).toBeVisible();
  await form.getByRole('radio', { name: 'Packages' }).check();
  await expect(chips).toHaveText(['big-download']);
});

test('What goes against the GPU target is said: a CPU build stops, a CUDA version must be one', async ({
  envs
}) => {
  await envs.open();
  await envs.new();
  await test.step('a CPU build where a GPU was wanted stops: a remedy helps, or a yes', async () => {
    await envs.form.getByRole('radio', { name: 'H100 nodes' }).check();
    await envs.name.fill('slow');
    await envs.add('pytorch-cpu');
    await envs.preview();
    const note = envs.plan.locator('[data-code="cpu_build"]');
    await expect(note).toHaveRole('alert');
    await expect(note).toContainText('pytorch-cpu');
    await expect(envs.button('Create')).toBeDisabled();

    await envs.button('Create the CPU build anyway').click();
    await expect(envs.button('Create')).toBeEnabled();
    await expect(note).toContainText('You have accepted that.');

    await note.getByRole('button').first().press('Enter');
    await expect(note).toHaveCount(0);
    await expect(
      envs.plan.getByRole('row', { name: /pytorch 2/ })
    ).toContainText(/CUDA 12\.\d build/);
    await expect(envs.button('Create')).toBeEnabled();
    // Pressing Enter once more creates nothing.
    await expect(
      envs.plan.getByRole('group', { name: 'Changes' })
    ).toBeFocused();
  });

  await test.step('another machine is described by its CUDA version, and what cannot be is said at once', async () => {
    await envs.anew();
    await envs.form.getByRole('radio', { name: 'Another machine…' }).check();
    const cuda = envs.form.getByRole('textbox', { name: 'CUDA version' });
    await envs.name.fill('elsewhere');
    await envs.add('pytorch');
    await envs.button('Preview').click();
    await expect(envs.problem('GPU')).toContainText('such as 12.8');
    await expect(cuda).toBeFocused();
    await cuda.fill('12.');
    await expect(envs.problem('GPU')).toHaveCount(0);
    await cuda.fill('twelve');
    await expect(envs.problem('GPU')).toContainText('“twelve” is no CUDA');
    await cuda.fill('12.9');
    await envs.preview();
    await expect(envs.plan).toContainText('GPU: for CUDA 12.9');
    await expect(
      envs.plan.getByRole('row', { name: /pytorch/ }).first()
    ).toContainText('CUDA 12.9 build');
  });
});
