import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type {
  KernelEdit,
  KernelLogo,
  KernelSettings,
  NewKernel,
  Problem
} from '../_models';
import { makeProblem, toProblem } from '../api';

/** The largest picture that the server takes, in bytes. */
export const MAX_PICTURE = 1 << 20;

/** The kinds of pictures that the server takes. */
export const PICTURES = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/svg+xml'
];

const SVG = 'image/svg+xml';

/** What runs in an SVG. The server decides; this only says so at once. */
const RUNS = /<(?:\w+:)?script[\s>/]|\son\w+\s*=|javascript:/i;

/** A field of the form, by the name that the server has for it. */
export type KernelField =
  | 'display_name'
  | 'source'
  | 'template'
  | 'variables'
  | 'modules'
  | 'arguments'
  | 'user_site'
  | 'logo';

/** One variable, as typed. */
export interface IVariable {
  readonly name: string;
  readonly value: string;
}

/** Where a kernel's logo comes from. */
export type LogoKind = 'keep' | 'initials' | 'upload' | 'shipped';

/** What was typed. */
export interface IKernelDraft {
  readonly display_name: string;
  /** One of the environment's offers; empty for the first. */
  readonly source: string;
  readonly template: string;
  readonly variables: readonly IVariable[];
  /** One a line. */
  readonly modules: string;
  /** One a line. */
  readonly arguments: string;
  readonly user_site: boolean;
  readonly logo: LogoKind;
  readonly initials: string;
  /** `#rrggbb` */
  readonly color: string;
  /** The picture as a data URL; empty for none. */
  readonly picture: string;
}

const FIELDS: KernelField[] = [
  'display_name',
  'source',
  'template',
  'variables',
  'modules',
  'arguments',
  'user_site',
  'logo'
];
const COLOR = '#1976d2';

/** The settings of a kernel while they are edited: what was typed, what is wrong with it, and what to send. */
export class KernelForm {
  /**
   * @param start - what the form holds at first
   * @param editable - the fields that can be changed; null for all
   * @param _trans - translates
   */
  constructor(
    start: Partial<IKernelDraft>,
    readonly editable: readonly string[] | null,
    private readonly _trans: TranslationBundle
  ) {
    this._draft = {
      display_name: '',
      source: '',
      template: '',
      variables: [],
      modules: '',
      arguments: '',
      user_site: false,
      logo: 'keep',
      initials: '',
      color: COLOR,
      picture: '',
      ...start
    };
    this._start = this._draft;
  }

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What was typed. */
  get draft(): IKernelDraft {
    return this._draft;
  }

  /** Whether it is being sent. */
  get saving(): boolean {
    return this._saving;
  }

  /** Whether a field can be changed. */
  canEdit(field: KernelField): boolean {
    return this.editable === null || this.editable.includes(field);
  }

  /** Type something; a problem of these fields is over. */
  edit(part: Partial<IKernelDraft>): void {
    this._draft = { ...this._draft, ...part };
    const { _problem } = this;
    const about = LOGO.some(name => name in part) ? ['logo'] : [];
    if (
      _problem &&
      [...Object.keys(part), ...about].includes(fieldOf(_problem))
    ) {
      this._problem = null;
    }
    this._changed.emit();
  }

  /** What is wrong with a field. */
  problemOf(field: KernelField): Problem | null {
    return this._problem && fieldOf(this._problem) === field
      ? this._problem
      : null;
  }

  /** What is wrong and belongs to no field that is shown. */
  get otherProblem(): Problem | null {
    const { _problem } = this;
    return _problem && !FIELDS.includes(fieldOf(_problem) as KernelField)
      ? _problem
      : null;
  }

  /** Say that something is wrong; null for nothing. */
  refuse(problem: Problem | null): void {
    this._problem = problem;
    this._changed.emit();
  }

  /** Send it; false when something was wrong, which then stands at its field. */
  async save(send: () => Promise<unknown>): Promise<boolean> {
    if (this._saving) {
      return false;
    }
    this.refuse(this._check());
    if (this._problem) {
      return false;
    }
    this._saving = true;
    this._changed.emit();
    try {
      await send();
      return true;
    } catch (error) {
      this._problem = toProblem(error);
      return false;
    } finally {
      this._saving = false;
      this._changed.emit();
    }
  }

  /** Take a picture from a file, or say why not. */
  async upload(file: File): Promise<void> {
    const trans = this._trans;
    const hint = trans.__(
      'Use a PNG, JPEG, GIF, WebP or SVG picture of at most 1 MB.'
    );
    if (!PICTURES.includes(file.type)) {
      const message = trans.__('“%1” is not such a picture.', file.name);
      this.refuse(makeProblem('invalid', message, hint, 'logo'));
    } else if (file.size > MAX_PICTURE) {
      const message = trans.__('“%1” is too large.', file.name);
      this.refuse(makeProblem('invalid', message, hint, 'logo'));
    } else if (file.type === SVG && RUNS.test(await readText(file))) {
      const message = trans.__('“%1” holds a script.', file.name);
      const only = trans.__('Use a picture that only draws.');
      this.refuse(makeProblem('invalid', message, only, 'logo'));
    } else {
      this.edit({ logo: 'upload', picture: await readDataUrl(file) });
    }
  }

  /** Give up the picture: the browser cannot show it. */
  refusePicture(): void {
    const trans = this._trans;
    this.edit({ picture: '' });
    this.refuse(
      makeProblem(
        'invalid',
        trans.__('This is not a picture.'),
        trans.__('The browser cannot show this file. Choose another one.'),
        'logo'
      )
    );
  }

  /** What has changed. */
  toEdit(): KernelEdit {
    const { _draft: draft, _start: start } = this;
    const edit: KernelEdit = {};
    if (draft.display_name !== start.display_name) {
      edit.display_name = draft.display_name.trim();
    }
    if (draft.variables !== start.variables) {
      edit.variables = toVariables(draft.variables);
    }
    if (draft.modules !== start.modules) {
      edit.modules = lines(draft.modules);
    }
    if (draft.arguments !== start.arguments) {
      edit.arguments = lines(draft.arguments, false);
    }
    if (draft.user_site !== start.user_site) {
      edit.user_site = draft.user_site;
    }
    if (LOGO.some(name => draft[name] !== start[name])) {
      edit.logo = toLogo(draft);
    }
    return edit;
  }

  /** A request for a new kernel. */
  toNew(environment: string): NewKernel {
    const { _draft: draft } = this;
    return {
      environment,
      display_name: draft.display_name.trim(),
      source: draft.source || null,
      template: draft.template,
      variables: toVariables(draft.variables),
      modules: lines(draft.modules),
      arguments: lines(draft.arguments, false),
      user_site: draft.user_site,
      logo: toLogo(draft)
    };
  }

  /** What the browser knows to be wrong. */
  private _check(): Problem | null {
    const trans = this._trans;
    const { display_name, variables, logo, picture, initials } = this._draft;
    const named = variables.filter(isTyped).map(({ name }) => name.trim());
    const twice = named.find((name, index) => named.indexOf(name) !== index);
    const wrong = named.find(name => !/^[A-Za-z_]\w*$/.test(name));
    const invalid = (message: string, hint: string, field: KernelField) =>
      makeProblem('invalid', message, hint, field);
    if (!display_name.trim()) {
      return invalid(
        trans.__('A kernel needs a name.'),
        trans.__('Launcher and kernel pickers show it.'),
        'display_name'
      );
    }
    if (wrong !== undefined) {
      return invalid(
        wrong
          ? trans.__('“%1” cannot be the name of a variable.', wrong)
          : trans.__('A value has no name.'),
        trans.__('Use letters, digits and underscores.'),
        'variables'
      );
    }
    if (twice !== undefined) {
      return invalid(
        trans.__('“%1” is there twice.', twice),
        trans.__('Remove one of them.'),
        'variables'
      );
    }
    if (logo === 'upload' && !picture) {
      return invalid(trans.__('No picture is chosen.'), '', 'logo');
    }
    return logo === 'initials' && !initials.trim()
      ? invalid(trans.__('One to three letters are needed.'), '', 'logo')
      : null;
  }

  private _draft: IKernelDraft;
  private _problem: Problem | null = null;
  private _saving = false;
  private readonly _start: IKernelDraft;
  private readonly _changed = new Signal<this, void>(this);
}

const LOGO = ['logo', 'initials', 'color', 'picture'] as const;

/** What the form holds at first for a kernel that is there. */
export function draftOf(settings: KernelSettings): IKernelDraft {
  const { kernel, template, variables, modules, user_site, logo } = settings;
  return {
    display_name: kernel.display_name,
    source: '',
    template,
    variables: Object.entries(variables).map(([name, value]) => ({
      name,
      value
    })),
    modules: modules.join('\n'),
    arguments: settings.arguments.join('\n'),
    user_site,
    logo: logo ? 'initials' : 'keep',
    ...(logo ?? proposeLogo(kernel.display_name)),
    picture: ''
  };
}

/** Letters and a colour to begin with. */
export function proposeLogo(name: string): KernelLogo {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const initials =
    words.length > 1
      ? words.slice(0, 3).map(word => [...word][0])
      : [...(words[0] ?? '')].slice(0, 2);
  return { initials: initials.join('').toUpperCase(), color: COLOR };
}

/** Black or white, whichever is read better on a colour (WCAG's contrast ratio). */
export function inkOn(color: string): 'black' | 'white' {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  return 1.05 / luminance >= luminance / 0.05 ? 'white' : 'black';
}

/** The field that a problem is about: `variables.PATH` is about `variables`. */
function fieldOf({ field }: Problem): string {
  return (field ?? '').split(/[.[]/)[0];
}

function isTyped({ name, value }: IVariable): boolean {
  return name.trim() !== '' || value !== '';
}

function toVariables(variables: readonly IVariable[]): Record<string, string> {
  return Object.fromEntries(
    variables.filter(isTyped).map(({ name, value }) => [name.trim(), value])
  );
}

/** The lines of a text; blanks around an argument may be meant. */
function lines(text: string, trim = true): string[] {
  return text
    .split('\n')
    .map(line => (trim ? line.trim() : line))
    .filter(Boolean);
}

function toLogo(draft: IKernelDraft): NewKernel['logo'] {
  switch (draft.logo) {
    case 'initials':
      return {
        type: 'initials',
        initials: draft.initials.trim(),
        color: draft.color
      };
    case 'upload':
      return { type: 'upload', content: draft.picture.split(',')[1] ?? '' };
    case 'shipped':
      return { type: 'shipped' };
    default:
      return null;
  }
}

async function readText(file: File): Promise<string> {
  return new TextDecoder().decode(await file.arrayBuffer());
}

async function readDataUrl(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = Array.from(bytes, byte => String.fromCharCode(byte)).join('');
  return `data:${file.type};base64,${btoa(text)}`;
}
