import { Signal } from '@lumino/signaling';

import { METADATA_KEY } from '../notebook/origin';
import { OriginWatch } from '../notebook/originwatch';

const DESCRIPTION = { name: 'hfrl', specs: ['pandas'] };

/** A notebook whose file has these metadata, where JupyterLab knows these kernels of Python. */
function open(metadata: Record<string, unknown>, ...kernels: string[]) {
  const kernelspecs = Object.fromEntries(
    kernels.map(name => [name, { name, language: 'python' }])
  );
  const source = {};
  let preference: Record<string, unknown> = {};
  const sessionContext = {
    specsManager: { specs: { default: kernels[0], kernelspecs } },
    sessionManager: { running: () => [] },
    session: null as { kernel: { name: string } } | null,
    kernelChanged: new Signal<object, object>(source),
    kernelPreferenceChanged: new Signal<object, void>(source),
    get kernelPreference() {
      return preference;
    },
    set kernelPreference(value) {
      preference = value;
      this.kernelPreferenceChanged.emit();
    }
  };
  const context = {
    sessionContext,
    isReady: true,
    isDisposed: false,
    ready: Promise.resolve(),
    disposed: new Signal<object, void>(source),
    model: { getMetadata: (key: string) => metadata[key] }
  };
  const watch = new OriginWatch(context as never);
  // What JupyterLab does when it has read a file.
  const { name } = (metadata.kernelspec ?? {}) as { name?: string };
  sessionContext.kernelPreference = { name, language: 'python' };
  const run = (kernel: string) => {
    sessionContext.session = { kernel: { name: kernel } };
    sessionContext.kernelChanged.emit({ newValue: { name: kernel } });
  };
  const starts = () => preference.shouldStart !== false;
  return { watch, run, starts };
}

beforeEach(() => {
  // JupyterLab says so when it takes another kernel than the one asked for.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

const FAR = { kernelspec: { name: 'far' }, [METADATA_KEY]: DESCRIPTION };

it('starts no dialog of kernels where the notebook tells more', () => {
  expect(open(FAR, 'one', 'two').starts()).toBe(false);
});

it('lets a kernel be started as always once one was chosen', () => {
  const { run, starts, watch } = open(FAR, 'one', 'two');
  run('two');
  expect(starts()).toBe(true);
  expect(watch.origin).toMatchObject({ kernel: 'two', description: null });
  expect(watch.isMeant).toBe(true);
});

it('leaves alone what JupyterLab does with other notebooks', () => {
  expect(open({ kernelspec: { name: 'far' } }, 'one', 'two').starts()).toBe(
    true
  );
  expect(open(FAR, 'far', 'two').starts()).toBe(true);
});

it('remembers what a notebook was made in when another kernel is taken for it', () => {
  const { run, watch } = open(FAR, 'only');
  run('only');
  expect(watch.origin).toMatchObject({
    kernel: 'far',
    description: DESCRIPTION
  });
  expect(watch.isMeant).toBe(false);
});

it('forgets it when the user has said that the other kernel is right', () => {
  const { run, watch } = open(FAR, 'only');
  run('only');
  watch.settle();
  expect(watch.origin).toMatchObject({ kernel: 'only', description: null });
  expect(watch.isMeant).toBe(true);
});

it('forgets it when the user chooses again', () => {
  const { run, watch } = open(FAR, 'only');
  run('only');
  run('new');
  expect(watch.origin).toMatchObject({ kernel: 'new' });
});

it('takes any kernel of a notebook that tells nothing', () => {
  const { run, watch } = open({}, 'only');
  run('only');
  expect(watch.isMeant).toBe(true);
});
