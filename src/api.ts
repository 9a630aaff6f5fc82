import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Problem } from './_models';

const NAMESPACE = 'envmanager';

/** An answer that is not the one asked for, with the problem as a person reads it. */
export class EnvManagerError extends Error {
  /**
   * @param problem - what happened and what to do
   * @param status - the HTTP status; 0 when there was no answer
   */
  constructor(
    readonly problem: Problem,
    readonly status: number
  ) {
    super(problem.message);
    this.name = 'EnvManagerError';
  }
}

/** The problem that any thrown value stands for. */
export function toProblem(error: unknown): Problem {
  if (error instanceof EnvManagerError) {
    return error.problem;
  }
  const message = error instanceof Error ? error.message : String(error);
  return makeProblem('frontend', message, '');
}

/** A problem that the browser found, not the server. */
export function makeProblem(
  code: string,
  message: string,
  hint: string,
  field: string | null = null
): Problem {
  return { code, message, hint, field, details: {} };
}

/** What may go with a request. */
export interface IRequestOptions {
  /** The HTTP method; GET by default. */
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The body, to be written as JSON. */
  body?: unknown;
  /** The query; undefined values are left out. */
  query?: Record<string, string | number | undefined>;
  /** Aborts the request. */
  signal?: AbortSignal;
}

/** The client of the server extension: one method, typed by its caller. */
export class EnvManagerApi {
  /** Talk to the server of these settings. */
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {}

  /** Send a request; every failure becomes an {@link EnvManagerError}. */
  async request<T>(
    path: string[],
    { method = 'GET', body, query = {}, signal }: IRequestOptions = {}
  ): Promise<T> {
    const parameters = Object.entries(query).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)]]
    );
    const search = new URLSearchParams(parameters).toString();
    const url = URLExt.join(
      this._settings.baseUrl,
      NAMESPACE,
      ...path.map(encodeURIComponent)
    );
    let response: Response;
    let text: string;
    try {
      response = await ServerConnection.makeRequest(
        search ? `${url}?${search}` : url,
        {
          method,
          signal,
          body: body === undefined ? undefined : JSON.stringify(body)
        },
        this._settings
      );
      text = await response.text();
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new EnvManagerError(this._networkProblem(), 0);
    }
    const data = parse(text);
    if (response.ok && (data !== undefined || response.status === 204)) {
      return data as T;
    }
    throw new EnvManagerError(
      isProblem(data) ? complete(data) : this._foreignProblem(response, data),
      response.status
    );
  }

  private _networkProblem(): Problem {
    return makeProblem(
      'network',
      this._trans.__('The Jupyter server does not answer.'),
      this._trans.__(
        'Check your connection; if the server was stopped, start it again and reload this page.'
      )
    );
  }

  /** An answer that our handlers did not write: a proxy, a login page, a server without our extension. */
  private _foreignProblem(response: Response, data: unknown): Problem {
    const trans = this._trans;
    const { status } = response;
    if (status === 404) {
      return makeProblem(
        'extension_missing',
        trans.__('The environment manager is not running on this server.'),
        trans.__(
          'The server extension is not enabled: run “jupyter server extension enable jupyter_envmanager” and restart the server.'
        )
      );
    }
    if (status === 401 || status === 403 || response.ok) {
      return makeProblem(
        'login',
        trans.__('The server no longer accepts this session.'),
        trans.__('Reload the page and log in again.')
      );
    }
    if (status >= 502 && status <= 504) {
      return makeProblem(
        'proxy',
        trans.__(
          'The Jupyter server cannot be reached (HTTP %1).',
          String(status)
        ),
        trans.__('Wait a moment and try again, or restart your server.')
      );
    }
    const said = (data as { message?: unknown } | undefined)?.message;
    return makeProblem(
      'http',
      typeof said === 'string' && said
        ? said
        : trans.__('The server answered with HTTP %1.', String(status)),
      trans.__('The server’s log says more.')
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(data: unknown): data is Partial<Problem> & { code: string } {
  const candidate = data as Partial<Problem> | null | undefined;
  return (
    typeof candidate?.code === 'string' && typeof candidate.message === 'string'
  );
}

function complete(data: Partial<Problem> & { code: string }): Problem {
  return { message: '', hint: '', field: null, details: {}, ...data };
}
