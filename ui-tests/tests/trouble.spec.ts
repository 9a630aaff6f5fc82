import { expect, test } from './fixtures';

// Nothing listens on this port: the kernel refuses at once.
const NOBODY = 'http://127.0.0.1:9/channel';

const CHANNELS = [
  ['does not answer', () => NOBODY],
  ['answers with an error', (failing: string) => failing]
] as const;

test('A channel that fails is named, with what to do, and the panel works on', async ({
  envs,
  server
}) => {
  await envs.open();
  await envs.new();
  for (const [name, channel] of CHANNELS) {
    await test.step(`a channel that ${name} is named, and the panel works on`, async () => {
      const url = channel(server.failing);
      server.writeCondarc(`channels:\n  - ${url}\n`);
      await envs.name.fill('unlucky');
      await envs.add('numpy');
      await envs.button('Preview').click();

      const note = envs.problem('Channels');
      await expect(note).toContainText(url.replace(/^http:\/\//, ''));
      await expect(note).toContainText(/[Cc]heck|[Tt]ry again/);
      await expect(envs.button('Create')).toBeDisabled();
      await expect(envs.kernel('Python 3 \\(ipykernel\\)')).toBeVisible();
      await expect(envs.panel.getByRole('alert')).toHaveCount(0);
      expect(await server.environments()).not.toContain('unlucky');

      server.writeCondarc();
      await envs.preview();
      await expect(note).toHaveCount(0);
      await envs.anew();
    });
  }
});

test('A broken .condarc is named in the panel, with its line', async ({
  page,
  envs,
  server
}) => {
  server.writeCondarc('channels:\n  - conda-forge\n  oops: [\n');
  await envs.open();
  const note = envs.panel.locator('.jp-EnvManager-note').first();
  await expect(note).toContainText('.condarc');
  await expect(note).toContainText(/line \d/);
  await expect(envs.panel.locator('.jp-EnvManager-env').first()).toBeVisible();

  server.writeCondarc();
  await envs.panel.getByRole('button', { name: 'Refresh' }).first().click();
  await expect(note).toHaveCount(0);
});
