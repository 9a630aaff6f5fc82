import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Location } from './_models';
import { classes, LinkButton } from './components';
import { FormField, type ICreateFormProps, invalid } from './formfield';
import { formatBytes, formatCount, joinPath } from './format';

/** Where the environment goes: a name in a location, or a folder. */
export function PlaceField(props: ICreateFormProps): JSX.Element {
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
