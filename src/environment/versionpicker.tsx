import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PackageBuild, PackageInfo, Problem } from '../_models';
import { toProblem } from '../api';
import { formatBytes, formatDate, joinParts } from '../format';
import { classes, Note } from '../widgets/components';

/** What the choice of a version needs. */
export interface IVersionPickerOptions {
  /** The package's name. */
  name: string;
  /** The installed version, if there is one. */
  installed: string | null;
  /** Reads what there is. */
  read: () => Promise<PackageInfo>;
  /** Translates. */
  trans: TranslationBundle;
}

/** A version, and one of its builds; null builds and channels are for the solver to choose. */
export interface IChoice {
  /** The version. */
  readonly version: string;
  /** The build string. */
  readonly build: string | null;
  /** The channel of the build, where more than one has the package. */
  readonly channel: string | null;
}

/** Let the user choose a version, and a build; null when they would rather not. */
export async function pickVersion(
  options: IVersionPickerOptions
): Promise<IChoice | null> {
  const { name, trans } = options;
  const result = await showDialog({
    title: trans.__('Versions of %1', name),
    body: new VersionPickerBody(options),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Choose') })
    ],
    focusNodeSelector: '.jp-EnvManager-versions'
  });
  return result.button.accept ? (result.value ?? null) : null;
}

class VersionPickerBody
  extends ReactWidget
  implements Dialog.IBodyWidget<IChoice | null>
{
  constructor(private readonly _options: IVersionPickerOptions) {
    super();
    this.addClass('jp-EnvManager-versionPicker');
  }

  /** What was chosen. */
  getValue(): IChoice | null {
    return this._value;
  }

  protected render(): JSX.Element {
    return (
      <VersionPicker
        {...this._options}
        onChange={value => (this._value = value)}
      />
    );
  }

  private _value: IChoice | null = null;
}

function VersionPicker(
  props: IVersionPickerOptions & { onChange: (value: IChoice | null) => void }
): JSX.Element {
  const { installed, read, onChange, trans } = props;
  const [info, setInfo] = React.useState<PackageInfo | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [version, setVersion] = React.useState<string | null>(null);
  const [build, setBuild] = React.useState<PackageBuild | null>(null);
  React.useEffect(() => {
    read().then(
      answer => {
        setInfo(answer);
        setVersion(answer.versions[0] ?? null);
      },
      error => setProblem(toProblem(error))
    );
  }, []);
  React.useEffect(() => {
    const several = new Set(info?.builds.map(({ channel }) => channel)).size;
    const channel = build && several > 1 ? build.channel : null;
    onChange(
      version === null
        ? null
        : { version, build: build?.build ?? null, channel }
    );
  }, [version, build]);
  if (problem) {
    return <Note problem={problem} trans={trans} />;
  }
  const builds = info?.builds.filter(entry => entry.version === version) ?? [];
  return (
    <>
      {info?.summary && <p className="jp-EnvManager-hint">{info.summary}</p>}
      {!info && (
        <p className="jp-EnvManager-empty" role="status">
          {trans.__('Reading the versions…')}
        </p>
      )}
      <div className="jp-EnvManager-columns">
        <Choices<string | null>
          name="versions"
          label={trans.__('Version')}
          options={info?.versions ?? []}
          chosen={version}
          onChoose={value => {
            setVersion(value);
            setBuild(null);
          }}
          text={value => value ?? ''}
          detail={value => (value === installed ? trans.__('installed') : '')}
        />
        {info?.manager === 'conda' && (
          <Choices
            name="builds"
            label={trans.__('Build')}
            options={[null, ...builds]}
            chosen={build}
            onChoose={setBuild}
            text={value => value?.build ?? trans.__('The best that fits')}
            detail={value => (value ? facts(value) : '')}
          />
        )}
      </div>
      {build && (
        <p className="jp-EnvManager-hint jp-EnvManager-depends">
          {build.depends.length
            ? trans.__('Needs %1', build.depends.join(', '))
            : trans.__('Needs nothing')}
        </p>
      )}
    </>
  );
}

function facts({ channel, size, timestamp }: PackageBuild): string {
  return joinParts(
    channel,
    size !== null && formatBytes(size),
    timestamp !== null && formatDate(timestamp)
  );
}

interface IChoicesProps<T> {
  name: string;
  label: string;
  options: T[];
  chosen: T;
  onChoose: (value: T) => void;
  text: (value: T) => string;
  detail: (value: T) => string | null;
}

/** A list of which one is chosen, by mouse or with the arrow keys. */
function Choices<T>(props: IChoicesProps<T>): JSX.Element {
  const { name, label, options, chosen, onChoose, text, detail } = props;
  const list = React.useRef<HTMLUListElement>(null);
  const index = options.indexOf(chosen);
  const id = (place: number) => `jp-EnvManager-${name}-${place}`;
  React.useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 8,
      PageUp: -8,
      Home: -Infinity,
      End: Infinity
    };
    const step = steps[event.key];
    if (step && options.length) {
      event.preventDefault();
      const last = options.length - 1;
      onChoose(options[Math.min(last, Math.max(0, index + step))]);
    }
  };
  return (
    <ul
      ref={list}
      className={`jp-EnvManager-choices jp-EnvManager-${name}`}
      role="listbox"
      aria-label={label}
      aria-activedescendant={index < 0 ? undefined : id(index)}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {options.map((option, place) => (
        <li
          key={place}
          id={id(place)}
          className={classes(
            'jp-EnvManager-option',
            place === index && 'jp-mod-active'
          )}
          role="option"
          aria-selected={place === index}
          onClick={() => onChoose(option)}
        >
          <span className="jp-EnvManager-optionName">{text(option)}</span>
          <span className="jp-EnvManager-optionDetail">{detail(option)}</span>
        </li>
      ))}
    </ul>
  );
}
