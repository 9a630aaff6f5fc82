import type { TranslationBundle } from '@jupyterlab/translation';

import type { EnvironmentTemplate, Problem } from '../_models';
import { EnvManagerError, makeProblem, toProblem } from '../api';
import { pythonSeries, specName } from '../specs';
import type { IEnvManagerModel } from '../tokens';
import type { IFormValues } from './formvalues';

/** What a template puts into the form. */
export interface IFilling {
  /** As in the form; null when the template does not tell. */
  python: string | null;
  /** The match specs. */
  specs: string[];
  /** The requirements that come from PyPI. */
  pypi: string[];
  /** The channels; null for the configured ones. */
  channels: string[] | null;
}

/** What a template puts into the form; the form has a field of its own for Python. */
export function fillingOf(template: EnvironmentTemplate): IFilling {
  const { specs, pypi, channels } = template;
  const asked = specs.find(spec => specName(spec) === 'python');
  const series = asked === undefined ? null : pythonSeries(asked);
  // What brings the kernel of another language runs without Python.
  const other = specs.some(spec => /(?<!^ipy)kernel$/.test(specName(spec)));
  return {
    python:
      series === null
        ? asked === undefined && other
          ? 'none'
          : null
        : series || 'latest',
    specs: series === null ? specs : specs.filter(spec => spec !== asked),
    pypi,
    channels
  };
}

/** Whether everything that the template has put in is still there. */
export function isUntouched({
  filled,
  python,
  specs,
  pypi,
  channels
}: IFormValues): boolean {
  return (
    filled === null ||
    ((filled.python ?? python) === python &&
      filled.specs.every(spec => specs.includes(spec)) &&
      filled.pypi.every(line => pypi.includes(line)) &&
      (filled.channels === null || same(filled.channels, channels)))
  );
}

/** The form with another filling; what the user has added stays. */
export function refilled(
  values: IFormValues,
  filling: IFilling | null
): Partial<IFormValues> {
  const { filled, python, channels } = values;
  const merge = (now: string[], old: string[] = [], fresh: string[] = []) => [
    ...fresh,
    ...now.filter(entry => !old.includes(entry) && !fresh.includes(entry))
  ];
  const unset = filled?.python === python ? 'latest' : python;
  return {
    filled: filling,
    python: filling?.python ?? unset,
    specs: merge(values.specs, filled?.specs, filling?.specs),
    pypi: merge(values.pypi, filled?.pypi, filling?.pypi),
    channels:
      filling?.channels ??
      (filled?.channels && same(filled.channels, channels) ? null : channels)
  };
}

/** Whether two things of JSON are the same. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The templates that the server has, as they are for one GPU target. */
export class Templates {
  /** Read them from this model; `onChange` is called after each answer. */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _onChange: () => void
  ) {}

  /** The templates; null while they are not known. */
  list: EnvironmentTemplate[] | null = null;
  /** Why some of the site's cannot be used. */
  problems: Problem[] = [];
  /** Why they could not be read. */
  problem: Problem | null = null;
  /** Done when the answer that was asked for last is there; null while none is waited for. */
  settled: Promise<void> | null = null;

  /** Read them for a target; an answer that a newer question has overtaken is dropped. */
  read(gpu: string | null): void {
    const number = ++this._asked;
    this.settled = this._model.templates(gpu).then(
      ({ templates, problems }) =>
        this._answer(number, () => {
          Object.assign(this, { list: templates, problems, problem: null });
        }),
      error =>
        this._answer(number, () => {
          this.problem = toProblem(error);
        })
    );
  }

  /** Raise an error at the field where the chosen template, as it is, cannot be made for the GPU target. */
  check(values: IFormValues, trans: TranslationBundle): void {
    const { start, template } = values;
    const chosen = this.list?.find(({ name }) => name === template);
    if (start === 'template' && chosen?.lacks && isUntouched(values)) {
      const message = trans.__(
        '“%1” cannot be made for the GPU target chosen above.',
        chosen.title
      );
      const out = trans.__('Choose another target, or another template.');
      const hint = `${chosen.lacks} ${out}`;
      throw new EnvManagerError(
        makeProblem('invalid', message, hint, 'template'),
        0
      );
    }
  }

  /** Read no more. */
  dispose(): void {
    this._asked += 1;
  }

  private _answer(number: number, take: () => void): void {
    if (number === this._asked) {
      this.settled = null;
      take();
      this._onChange();
    }
  }

  private _asked = 0;
}
