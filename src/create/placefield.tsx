import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { FolderListing, Location, Status } from '../_models';
import { EnvManagerError } from '../api';
import { formatBytes, formatCount, joinParts, joinPath } from '../format';
import { classes, LinkButton } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import { type ICreateFormProps, invalid } from './formprops';
import { type IFormValues, isFullPath } from './formvalues';

/** Where the environment goes: a name in a location, or a folder. */
export function PlaceField(props: ICreateFormProps): JSX.Element {
  return props.creation.values.prefix === null ? (
    <NameField {...props} />
  ) : (
    <FolderField {...props} />
  );
}

/** The location that the environment would be in; undefined for a folder that is in none. */
export function placeOf(
  { location, prefix }: Pick<IFormValues, 'location' | 'prefix'>,
  status: Pick<Status, 'locations'> | null
): Location | undefined {
  const places = status?.locations ?? [];
  if (prefix !== null) {
    return places.find(({ path }) => prefix.trim().startsWith(`${path}/`));
  }
  const locations = places.filter(({ writable }) => writable);
  return (
    locations.find(({ path }) => path === location) ??
    locations.find(candidate => candidate.default) ??
    locations[0]
  );
}

function NameField({ creation, status, trans }: ICreateFormProps): JSX.Element {
  const { name } = creation.values;
  const locations = (status?.locations ?? []).filter(
    ({ writable }) => writable
  );
  const place = placeOf(creation.values, status);
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
            {locations.map(choice => (
              <option key={choice.path} value={choice.path}>
                {joinParts(
                  choice.label || choice.path,
                  choice.group !== null &&
                    trans.__('shared with %1', choice.group),
                  freeSpace(choice, trans)
                )}
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
        {place && place.group !== null && (
          <span>{groupWords(place.group, place.access, trans)}</span>
        )}
        {/* The select says it of each. */}
        {place && locations.length === 1 && (
          <span>{freeSpace(place, trans)}</span>
        )}
      </div>
    </FormField>
  );
}

function groupWords(
  group: string,
  access: Location['access'],
  trans: TranslationBundle
): string {
  return access === 'write'
    ? trans.__('members of %1 can use and change it', group)
    : trans.__('members of %1 can use it', group);
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

const DELAY = 400;
const LEVELS = 5;

/** The folder that a path is in; null where there is none. */
export function parentFolder(path: string): string | null {
  const text = path.trim().replace(/(.)\/+$/, '$1');
  return text === '/' || !/^~?\//.test(text)
    ? null
    : text.replace(/\/+[^/]*$/, '') || '/';
}

/** The nearest folder above a path that exists; null when none was found. */
export async function nearestFolder(
  path: string,
  list: (path: string) => Promise<FolderListing>
): Promise<FolderListing | null> {
  let folder = parentFolder(path);
  for (let level = 0; folder !== null && level < LEVELS; level++) {
    try {
      return await list(folder);
    } catch (error) {
      if (!(error instanceof EnvManagerError) || error.status !== 404) {
        return null;
      }
      folder = parentFolder(folder);
    }
  }
  return null;
}

/** What is free where a folder would be made; null while that is not known. */
function useFree(
  path: string,
  list: (path: string) => Promise<FolderListing>
): FolderListing | null {
  const [listing, setListing] = React.useState<FolderListing | null>(null);
  const parent = isFullPath(path) ? parentFolder(path) : null;
  React.useEffect(() => {
    setListing(null);
    if (parent === null) {
      return;
    }
    let current = true;
    const timer = setTimeout(() => {
      void nearestFolder(path, list).then(answer => {
        if (current) {
          setListing(answer);
        }
      });
    }, DELAY);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [parent]);
  return listing;
}

function FolderField({
  creation,
  folders,
  onBrowse,
  trans
}: ICreateFormProps): JSX.Element {
  const place = useFree(creation.values.prefix ?? '', folders);
  const free = place && freeSpace(place, trans);
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
        {free && <span>{free}</span>}
      </div>
    </FormField>
  );
}
