import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Location, PackageHits, Problem, Status } from './_models';
import { classes, LinkButton } from './components';
import type { Creation, Field } from './creation';
import { formatBytes, formatCount, joinPath } from './format';
import { specName } from './specs';
import { SpecInput } from './specinput';

/** What the form needs. */
export interface ICreateFormProps {
  /** What is being made. */
  creation: Creation;
  /** Locations and channels; null while not known. */
  status: Status | null;
  /** The Python series on offer, newest first. */
  pythons: string[];
  /** Why there are none. */
  pythonProblem: Problem | null;
  /** Searches the channels. */
  search: (
    query: string,
    limit: number,
    signal: AbortSignal
  ) => Promise<PackageHits>;
  /** Lets the user choose a folder. */
  onBrowse: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The form of a new environment. */
export function CreateForm(props: ICreateFormProps): JSX.Element {
  return (
    <div className="jp-EnvManager-form">
      <PlaceField {...props} />
      <PythonField {...props} />
      <PackagesField {...props} />
      <KernelField {...props} />
      <ChannelsField {...props} />
    </div>
  );
}

interface IFieldProps {
  id: string;
  label: string;
  problems?: (Problem | null)[];
  children: React.ReactNode;
}

/** A label, a control, and below them what is wrong with it. */
function FormField({
  id,
  label,
  problems = [],
  children
}: IFieldProps): JSX.Element {
  const problem = problems.find(Boolean);
  return (
    <div className="jp-EnvManager-field">
      <label className="jp-EnvManager-label" htmlFor={id}>
        {label}
      </label>
      <div className="jp-EnvManager-control">
        {children}
        {problem && (
          <div className="jp-EnvManager-fieldError" role="alert">
            {problem.message} {problem.hint}
          </div>
        )}
      </div>
    </div>
  );
}

function invalid(creation: Creation, field: Field): boolean {
  return creation.problemOf(field) !== null;
}

function PlaceField(props: ICreateFormProps): JSX.Element {
  return props.creation.values.prefix === null ? (
    <NameField {...props} />
  ) : (
    <FolderField {...props} />
  );
}

function NameField({ creation, status, trans }: ICreateFormProps): JSX.Element {
  const { name, location } = creation.values;
  const locations = (status?.locations ?? []).filter(
    ({ writable }) => writable
  );
  const place =
    locations.find(({ path }) => path === location) ??
    locations.find(candidate => candidate.default) ??
    locations[0];
  return (
    <FormField
      id="jp-EnvManager-name"
      label={trans.__('Name')}
      problems={[creation.problemOf('name'), creation.problemOf('location')]}
    >
      <div className="jp-EnvManager-line">
        <input
          id="jp-EnvManager-name"
          className={classes(
            'jp-EnvManager-input',
            invalid(creation, 'name') && 'jp-mod-invalid'
          )}
          value={name}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={invalid(creation, 'name')}
          aria-describedby="jp-EnvManager-name-hint"
          onChange={event => creation.edit({ name: event.target.value })}
        />
        {locations.length > 1 && (
          <select
            className="jp-EnvManager-select"
            aria-label={trans.__('Location')}
            value={place?.path}
            onChange={event =>
              creation.edit({
                location: locations.find(
                  ({ path }) => path === event.target.value
                )?.default
                  ? null
                  : event.target.value
              })
            }
          >
            {locations.map(({ path, label }) => (
              <option key={path} value={path}>
                {label || path}
              </option>
            ))}
          </select>
        )}
      </div>
      <div className="jp-EnvManager-hint" id="jp-EnvManager-name-hint">
        {place && (
          <span className="jp-EnvManager-path">
            {joinPath(place.path, name.trim() || trans.__('name'))}
          </span>
        )}
        <LinkButton onClick={() => creation.edit({ prefix: '' })}>
          {trans.__('choose a folder instead')}
        </LinkButton>
        {place && <span>{freeSpace(place, trans)}</span>}
      </div>
    </FormField>
  );
}

/** `412 GB and 1.8 M files free` */
function freeSpace(
  place: Pick<Location, 'free' | 'free_files'>,
  trans: TranslationBundle
): string {
  const { free, free_files: files } = place;
  if (free === null) {
    return '';
  }
  return files === null
    ? trans.__('%1 free', formatBytes(free))
    : trans.__('%1 and %2 files free', formatBytes(free), formatCount(files));
}

function FolderField({
  creation,
  onBrowse,
  trans
}: ICreateFormProps): JSX.Element {
  const wrong = invalid(creation, 'prefix');
  return (
    <FormField
      id="jp-EnvManager-prefix"
      label={trans.__('Folder')}
      problems={[creation.problemOf('prefix'), creation.problemOf('location')]}
    >
      <div className="jp-EnvManager-line">
        <input
          id="jp-EnvManager-prefix"
          className={classes(
            'jp-EnvManager-input jp-mod-wide',
            wrong && 'jp-mod-invalid'
          )}
          value={creation.values.prefix ?? ''}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={wrong}
          aria-describedby="jp-EnvManager-prefix-hint"
          placeholder={trans.__('/path/of/a/new/folder')}
          onChange={event => creation.edit({ prefix: event.target.value })}
        />
        <button
          type="button"
          className="jp-EnvManager-button jp-mod-styled jp-mod-reject"
          onClick={onBrowse}
        >
          {trans.__('Browse…')}
        </button>
      </div>
      <div className="jp-EnvManager-hint" id="jp-EnvManager-prefix-hint">
        <span>
          {trans.__('a new or empty folder, kept as one environment')}
        </span>
        <LinkButton onClick={() => creation.edit({ prefix: null })}>
          {trans.__('choose a name instead')}
        </LinkButton>
      </div>
    </FormField>
  );
}

function PythonField(props: ICreateFormProps): JSX.Element {
  const { creation, pythons, pythonProblem, trans } = props;
  const { python, specs } = creation.values;
  const asked = specs.find(spec => specName(spec) === 'python');
  const choices =
    pythons.includes(python) || !/^\d/.test(python)
      ? pythons
      : [python, ...pythons];
  const change = (value: string) =>
    creation.edit({
      python: value,
      // Without Python there is nothing to run a kernel by default; whoever brings another one can tick it again.
      kernel:
        value === 'none' ? false : creation.values.kernel || python === 'none'
    });
  return (
    <FormField id="jp-EnvManager-python" label={trans.__('Python')}>
      <select
        id="jp-EnvManager-python"
        className="jp-EnvManager-select"
        value={python}
        disabled={asked !== undefined}
        onChange={event => change(event.target.value)}
      >
        <option value="latest">{trans.__('Latest that fits')}</option>
        {choices.map(series => (
          <option key={series} value={series}>
            {series}
          </option>
        ))}
        <option value="none">{trans.__('No Python')}</option>
      </select>
      {asked !== undefined && (
        <div className="jp-EnvManager-hint">
          {trans.__('set by “%1” under Packages', asked)}
        </div>
      )}
      {pythonProblem && !pythons.length && (
        <div className="jp-EnvManager-hint">
          {trans.__(
            'The versions could not be read: %1',
            pythonProblem.message
          )}
        </div>
      )}
    </FormField>
  );
}

function PackagesField({
  creation,
  search,
  trans
}: ICreateFormProps): JSX.Element {
  return (
    <FormField
      id="jp-EnvManager-specs"
      label={trans.__('Packages')}
      problems={[creation.problemOf('specs')]}
    >
      <SpecInput
        id="jp-EnvManager-specs"
        specs={creation.values.specs}
        invalid={invalid(creation, 'specs')}
        onChange={specs => creation.edit({ specs })}
        search={search}
        trans={trans}
      />
      <div className="jp-EnvManager-hint" id="jp-EnvManager-specs-hint">
        {trans.__(
          'Enter adds a package; versions as in “numpy<2” or “python=3.11”'
        )}
      </div>
    </FormField>
  );
}

function KernelField({ creation, trans }: ICreateFormProps): JSX.Element {
  const { kernel, displayName } = creation.values;
  return (
    <FormField
      id="jp-EnvManager-display-name"
      label={trans.__('Kernel')}
      problems={[creation.problemOf('kernel')]}
    >
      <label className="jp-EnvManager-check">
        <input
          type="checkbox"
          checked={kernel}
          onChange={event => creation.edit({ kernel: event.target.checked })}
        />
        {trans.__('Register a kernel')}
      </label>
      {kernel && (
        <>
          <input
            id="jp-EnvManager-display-name"
            className={classes(
              'jp-EnvManager-input',
              invalid(creation, 'kernel') && 'jp-mod-invalid'
            )}
            aria-label={trans.__('Kernel display name')}
            value={displayName}
            placeholder={
              creation.defaultDisplayName ||
              trans.__('the name of the environment')
            }
            onChange={event =>
              creation.edit({ displayName: event.target.value })
            }
          />
          <div className="jp-EnvManager-hint">
            {trans.__('appears under this name in the launcher, for you')}
          </div>
        </>
      )}
    </FormField>
  );
}

function ChannelsField({
  creation,
  status,
  trans
}: ICreateFormProps): JSX.Element {
  const configured = status?.channels ?? [];
  const { channels } = creation.values;
  const [text, setText] = React.useState(channels?.join(', ') ?? '');
  const change = (value: string) => {
    setText(value);
    creation.edit({ channels: value.split(/[\s,]+/).filter(Boolean) });
  };
  return (
    <FormField
      id="jp-EnvManager-channels"
      label={trans.__('Channels')}
      problems={[creation.problemOf('channels')]}
    >
      {channels === null ? (
        <div className="jp-EnvManager-static">
          <span>{configured.join(', ')}</span>
          <LinkButton
            onClick={() => {
              setText(configured.join(', '));
              creation.edit({ channels: configured });
            }}
          >
            {trans.__('change')}
          </LinkButton>
        </div>
      ) : (
        <>
          <input
            id="jp-EnvManager-channels"
            className={classes(
              'jp-EnvManager-input jp-mod-wide',
              invalid(creation, 'channels') && 'jp-mod-invalid'
            )}
            value={text}
            spellCheck={false}
            aria-describedby="jp-EnvManager-channels-hint"
            onChange={event => change(event.target.value)}
          />
          <div className="jp-EnvManager-hint" id="jp-EnvManager-channels-hint">
            <span>
              {trans.__('for this environment only, the first comes first')}
            </span>
            <LinkButton onClick={() => creation.edit({ channels: null })}>
              {trans.__('back to the configured ones')}
            </LinkButton>
          </div>
        </>
      )}
    </FormField>
  );
}
