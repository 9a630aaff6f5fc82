import type { Session } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { StaleKernels } from '../kernels/stalekernels';
import { until } from './fakes';

function session(id: string, kernel: string): Session.IModel {
  return {
    id: `s-${id}`,
    name: `${id}.ipynb`,
    path: `work/${id}.ipynb`,
    type: 'notebook',
    kernel: { id, name: kernel }
  };
}

let running: Session.IModel[];
let restarted: string[];
let fail = false;
let runningChanged: Signal<object, Session.IModel[]>;
let stale: StaleKernels;

beforeEach(() => {
  restarted = [];
  fail = false;
  running = [session('a', 'stats'), session('b', 'other')];
  runningChanged = new Signal({});
  stale = new StaleKernels({
    sessions: {
      runningChanged,
      running: () => running[Symbol.iterator](),
      refreshRunning: async () => undefined
    },
    kernels: {
      connectTo: ({ model }: { model: { id: string } }) => ({
        restart: async () => {
          if (fail) {
            throw new Error('dead');
          }
          restarted.push(model.id);
        },
        dispose: () => undefined
      })
    }
  } as never);
});

afterEach(() => stale.dispose());

it('are those of the changed environment that were running', async () => {
  await stale.mark(['stats']);
  running.push(session('c', 'stats'));
  runningChanged.emit(running);
  expect(stale.all).toEqual([{ id: 'a', name: 'a.ipynb', restarting: false }]);
});

it('are restarted, and no longer listed', async () => {
  running.push(session('c', 'stats'));
  await stale.mark(['stats']);
  await stale.restart('a', 'c');
  expect(restarted).toEqual(['a', 'c']);
  expect(stale.all).toEqual([]);
});

it('stay listed when a restart fails', async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  fail = true;
  await stale.mark(['stats']);
  await stale.restart('a');
  expect(stale.all).toMatchObject([{ id: 'a', restarting: false }]);
});

it('are forgotten when they are shut down', async () => {
  await stale.mark(['stats']);
  runningChanged.emit([session('b', 'other')]);
  await until(() => stale.all.length === 0);
});
