import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { GpuRemedy, Job } from '../_models';
import { EnvManagerModel, JOB_EVENT } from '../model';

/** A job as the server writes it. */
export function makeJob(change: Partial<Job> = {}): Job {
  return {
    id: 'j1',
    action: 'create',
    environment: 'e1',
    prefix: '/envs/torch',
    title: 'Create torch',
    state: 'running',
    progress: 0,
    phase: 'download',
    message: '',
    created: 1,
    started: 1,
    finished: null,
    bytes_done: null,
    bytes_total: null,
    waiting_for: null,
    generation: null,
    kernel: null,
    check: null,
    aftercare: false,
    file: null,
    error: null,
    ...change
  };
}

/** An answer: a status and a body; text goes out as it is. */
export type Answer = [status: number, body: unknown];

/** A server that answers from a table of `METHOD path` and records what it was asked. */
export class FakeServer {
  readonly answers: Record<string, Answer> = {
    'GET status': [200, { channels: ['conda-forge'], locations: [] }],
    'GET environments': [200, { environments: [], problems: [] }],
    'GET kernels': [200, { kernels: [] }],
    'GET jobs': [200, { jobs: [] }]
  };
  readonly requests: string[] = [];
  readonly bodies: unknown[] = [];

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://server.test/user/me/',
    fetch: ((request: RequestInfo) =>
      this._fetch(request as Request)) as typeof fetch
  });

  count(key: string): number {
    return this.requests.filter(request => request === key).length;
  }

  private async _fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace('/user/me/envmanager/', '');
    const key = `${request.method} ${path}`;
    this.requests.push(key);
    if (request.method === 'POST') {
      this.bodies.push(JSON.parse((await request.text()) || 'null'));
    }
    const [status, body] = this.answers[key] ?? [404, '<html>404</html>'];
    if (status === 0) {
      throw new TypeError('Failed to fetch');
    }
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(status === 204 ? null : text, { status });
  }
}

/** A model on a fake server, with an event bus to speak through. */
export function makeModel(server = new FakeServer()) {
  const bus = {};
  const stream = new Signal<object, object>(bus);
  const specs = { refreshed: 0 };
  const model = new EnvManagerModel({
    serverSettings: server.settings,
    events: { stream } as never,
    kernelspecs: {
      refreshSpecs: async () => {
        specs.refreshed += 1;
      }
    } as never,
    trans: nullTranslator.load('test')
  });
  const emit = (schema = JOB_EVENT, job = 'j1') =>
    stream.emit({ schema_id: schema, job });
  return { model, server, emit, specs };
}

/** A way out that changes so much. */
export function makeRemedy(change: Partial<GpuRemedy>): GpuRemedy {
  return {
    title: 'Do it',
    add: [],
    remove: [],
    pypi_add: [],
    pypi_remove: [],
    unpin: [],
    channels: null,
    gpu: null,
    ...change
  };
}

/** Wait until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round++) {
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  expect(condition()).toBe(true);
}
