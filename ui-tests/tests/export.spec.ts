/** An environment as a file: seen, chosen, saved beside the notebooks. */
import { expect, test } from './fixtures';

const NAME = 'to-share';
const FILE = `${NAME}.yml`;

test('An environment is exported from its row, and saved in the workspace', async ({
  page,
  envs,
  server,
  baseURL
}) => {
  await server.make(NAME, ['python', 'requests'], false);
  const contents = `${baseURL}/api/contents/`;
  await page.request.delete(contents + FILE);
  await page.request.delete(`${contents}${NAME}-1.yml`);
  await envs.open();
  await envs.environment(NAME).getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Export…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Export “${NAME}”`);
  const format = dialog.getByRole('combobox', { name: 'Format' });
  await expect(format).toBeFocused();
  const text = dialog.getByRole('textbox', { name: FILE });
  await expect(text).toHaveValue(/^name: to-share$/m);
  await expect(text).toHaveValue(/- requests=\d[^=]*=\S+$/m);

  await format.selectOption({ label: 'requirements.txt' });
  await expect(
    dialog.getByRole('textbox', { name: `${NAME}-requirements.txt` })
  ).toHaveValue(/^requests==\d/m);
  await expect(dialog).toContainText('for pip and uv');
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe(
    `${NAME}-requirements.txt`
  );

  await format.selectOption('environment.yml');
  const shown = await text.inputValue();
  const save = dialog.getByRole('button', { name: 'Save in the workspace' });
  await save.click();
  await expect(dialog).toContainText(`Saved as ${FILE}.`);
  const read = async (name: string) =>
    (await (await page.request.get(contents + name)).json()).content;
  expect(await read(FILE)).toBe(shown);

  // A second time, nothing is written over unasked.
  await save.press('Enter');
  await expect(dialog).toContainText(`${FILE} is in this folder already.`);
  await dialog.getByRole('button', { name: `Save as ${NAME}-1.yml` }).click();
  await expect(dialog).toContainText(`Saved as ${NAME}-1.yml.`);
  expect(await read(`${NAME}-1.yml`)).toBe(shown);
  await expect(save).toBeFocused();

  await dialog.getByRole('button', { name: 'Close' }).press('Tab');
  await expect(format).toBeFocused();
  await dialog.getByRole('button', { name: 'Open it' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(
    page.getByRole('tab', { name: `${NAME}-1.yml` })
  ).toBeVisible();
  await page.request.delete(contents + FILE);
  await page.request.delete(`${contents}${NAME}-1.yml`);
});
