import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { classes } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import {
  inkOn,
  type KernelForm,
  type LogoKind,
  PICTURES,
  proposeLogo
} from './kernelform';

/** What a logo needs. */
export interface IKernelLogoProps {
  /** Its address; null where there is none. */
  url: string | null;
  /** The kernel's name: its first letter stands for a logo that is not there. */
  name: string;
  /** Whether it is the large one of an editor. */
  large?: boolean;
  /** Called when the browser cannot show it. */
  onFail?: () => void;
}

/** The logo of a kernel, as launcher and kernel pickers show it. */
export function KernelLogo({
  url,
  name,
  large,
  onFail
}: IKernelLogoProps): JSX.Element {
  const [failed, setFailed] = React.useState<string | null>(null);
  const style = classes('jp-EnvManager-logo', large && 'jp-mod-large');
  return url && url !== failed ? (
    <img
      className={style}
      src={url}
      alt=""
      loading="lazy"
      draggable={false}
      onError={() => {
        setFailed(url);
        onFail?.();
      }}
    />
  ) : (
    <span className={classes(style, 'jp-mod-letter')} aria-hidden="true">
      {[...name.trim()][0]?.toUpperCase()}
    </span>
  );
}

/** What the choice of a logo needs. */
export interface ILogoFieldProps {
  /** The form that it is part of. */
  form: KernelForm;
  /** The logo that there is; null for a new kernel. */
  current: string | null;
  /** Whether the kernel is a new one. */
  fresh: boolean;
  /** Translates. */
  trans: TranslationBundle;
}

/** Where the logo comes from: what it is now, letters, a picture, the environment. */
export function LogoField(props: ILogoFieldProps): JSX.Element {
  const { form, fresh, trans } = props;
  const { draft } = form;
  const id = React.useId();
  const disabled = !form.canEdit('logo');
  const kinds: [LogoKind, string][] = [
    ['keep', fresh ? trans.__('Automatic') : trans.__('As it is')],
    ['initials', trans.__('Letters')],
    ['upload', trans.__('A picture')],
    ['shipped', trans.__('The environment’s own')]
  ];
  const choose = (logo: LogoKind) =>
    form.edit({
      logo,
      ...(logo === 'initials' && !draft.initials
        ? { initials: proposeLogo(draft.display_name).initials }
        : {})
    });
  return (
    <FormField
      id={id}
      label={trans.__('Logo')}
      problems={[form.problemOf('logo')]}
    >
      <div className="jp-EnvManager-logoField">
        <Preview {...props} />
        <div className="jp-EnvManager-logoChoice">
          <select
            id={id}
            className="jp-EnvManager-select"
            value={draft.logo}
            disabled={disabled}
            onChange={event => choose(event.target.value as LogoKind)}
          >
            {kinds.map(([kind, label]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </select>
          {draft.logo === 'initials' && (
            <Letters form={form} disabled={disabled} trans={trans} />
          )}
          {draft.logo === 'upload' && (
            <input
              type="file"
              className="jp-EnvManager-file"
              aria-label={trans.__('Picture')}
              accept={PICTURES.join()}
              disabled={disabled}
              onChange={event => {
                const file = event.target.files?.[0];
                if (file) {
                  void form.upload(file);
                }
              }}
            />
          )}
        </div>
      </div>
    </FormField>
  );
}

function Letters(props: {
  form: KernelForm;
  disabled: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { form, disabled, trans } = props;
  const { initials, color } = form.draft;
  return (
    <>
      <input
        type="text"
        className="jp-EnvManager-input jp-mod-initials"
        aria-label={trans.__('Letters of the logo')}
        maxLength={3}
        spellCheck={false}
        disabled={disabled}
        value={initials}
        onChange={event => form.edit({ initials: event.target.value })}
      />
      <input
        type="color"
        className="jp-EnvManager-color"
        aria-label={trans.__('Colour of the logo')}
        title={trans.__('Colour of the logo')}
        disabled={disabled}
        value={color}
        onChange={event => form.edit({ color: event.target.value })}
      />
    </>
  );
}

function Preview({ form, current }: ILogoFieldProps): JSX.Element {
  const { logo, initials, color, picture, display_name: name } = form.draft;
  if (logo === 'initials') {
    return (
      <span
        className="jp-EnvManager-logo jp-mod-large jp-mod-initials"
        style={{ background: color, color: inkOn(color) }}
        data-letters={[...initials].length}
        aria-hidden="true"
      >
        {initials}
      </span>
    );
  }
  const url = logo === 'upload' ? picture : logo === 'keep' ? current : null;
  return (
    <KernelLogo
      url={url}
      name={name || '?'}
      large
      onFail={() => logo === 'upload' && form.refusePicture()}
    />
  );
}
