import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import type { Environment, Job } from '../_models';
import { sharePlugin } from '../share/shareplugin';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { makeJob } from './fakes';

/** The commands, in an application with one environment and one job. */
function makeCommands(
  environment: Partial<Environment> = {},
  job: Partial<Job> = {}
) {
  const commands = new CommandRegistry();
  const one = {
    id: 'e1',
    name: 'torch',
    kind: 'named',
    state: 'ready',
    writable: true,
    unchangeable: '',
    job: null,
    ...environment
  };
  const model = {
    environment: (id: string) => (id === 'e1' ? one : undefined),
    job: () => makeJob({ action: 'pack', state: 'succeeded', ...job }),
    get: () => ({ data: { server_root: '/home/ann' } })
  } as unknown as IEnvManagerModel;
  const app = {
    commands,
    serviceManager: {},
    contextMenuHitTest: () => undefined
  } as unknown as JupyterFrontEnd;
  void sharePlugin.activate(app, model, nullTranslator, null, null);
  return commands;
}

const E1 = { environment: 'e1' };

it.each([
  [true, 'Clone…'],
  [false, 'Clone to Mine…']
])(
  'where the environment is writable: %p, its copy is %p',
  (writable, label) => {
    const commands = makeCommands({ writable });
    expect(commands.label(CommandIDs.clone, E1)).toBe(label);
    expect(commands.label(CommandIDs.clone, { isPalette: true })).toBe(
      'Clone Environment…'
    );
  }
);

it('what cannot be changed can be copied, compared and packed, but not updated', () => {
  const commands = makeCommands({ unchangeable: 'It belongs to eva.' });
  expect(commands.isEnabled(CommandIDs.updateFromFile, E1)).toBe(false);
  for (const id of [CommandIDs.clone, CommandIDs.compare, CommandIDs.pack]) {
    expect(commands.isEnabled(id, E1)).toBe(true);
  }
});

it('what is being made is left alone, and the palette asks', () => {
  const commands = makeCommands({ state: 'building' });
  for (const id of [CommandIDs.clone, CommandIDs.compare, CommandIDs.pack]) {
    expect(commands.isEnabled(id, E1)).toBe(false);
    expect(commands.isEnabled(id, { isPalette: true })).toBe(true);
  }
});

it.each([
  ['/home/ann/packs/torch.zip', true],
  ['/scratch/torch.zip', false],
  [null, false]
])('the archive %p can be downloaded: %p', (file, visible) => {
  const commands = makeCommands({}, { file });
  expect(commands.isVisible(CommandIDs.downloadArchive, { job: 'j1' })).toBe(
    visible
  );
  // There is no file browser here.
  expect(commands.isVisible(CommandIDs.showArchive, { job: 'j1' })).toBe(false);
});
