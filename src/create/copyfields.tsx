import React from 'react';

import { joinParts } from '../format';
import { classes, TextButton } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import { type ICreateFormProps, invalid } from './formprops';

const CLONE = 'jp-EnvManager-clone';
const ARCHIVE = 'jp-EnvManager-archive';

/** The environment to clone. */
export function CloneField({
  creation,
  environments,
  trans
}: ICreateFormProps): JSX.Element {
  const { clone } = creation.values;
  const { data, problem } = environments;
  const ready = (data?.environments ?? []).filter(
    ({ id, state }) => state === 'ready' || id === clone
  );
  return (
    <FormField
      id={CLONE}
      label={trans.__('Environment')}
      problems={[creation.problemOf('clone'), data ? null : problem]}
    >
      <select
        id={CLONE}
        className="jp-EnvManager-select"
        value={clone ?? ''}
        aria-invalid={invalid(creation, 'clone')}
        aria-describedby={`${CLONE}-hint`}
        onChange={event => creation.setClone(event.target.value)}
      >
        {!ready.some(({ id }) => id === clone) && (
          <option value={clone ?? ''} disabled>
            {data
              ? trans.__('choose one')
              : trans.__('Reading the environments…')}
          </option>
        )}
        {ready.map(({ id, name, prefix }) => (
          <option key={id} value={id}>
            {joinParts(name, prefix)}
          </option>
        ))}
      </select>
      <div className="jp-EnvManager-hint" id={`${CLONE}-hint`}>
        {trans.__(
          'the same packages, and what was put beside them; nothing is downloaded'
        )}
      </div>
    </FormField>
  );
}

/** The archive of a packed environment. */
export function ArchiveField({
  creation,
  desk,
  trans
}: ICreateFormProps): JSX.Element {
  const wrong = invalid(creation, 'archive');
  return (
    <FormField
      id={ARCHIVE}
      label={trans.__('Archive')}
      problems={[creation.problemOf('archive')]}
    >
      <div className="jp-EnvManager-line">
        <input
          id={ARCHIVE}
          className={classes(
            'jp-EnvManager-input jp-mod-wide',
            wrong && 'jp-mod-invalid'
          )}
          value={creation.values.archive}
          autoComplete="off"
          spellCheck={false}
          placeholder={trans.__('/path/of/an/archive.tar.gz')}
          aria-invalid={wrong}
          aria-describedby={`${ARCHIVE}-hint`}
          onChange={event => creation.setArchive(event.target.value)}
        />
        {desk.canBrowse && (
          <TextButton onClick={() => void desk.browse(true)}>
            {trans.__('Choose…')}
          </TextButton>
        )}
      </div>
      <div className="jp-EnvManager-hint" id={`${ARCHIVE}-hint`}>
        {trans.__(
          'made with “Pack” or with conda-pack: *.tar.gz, *.tar.zst, *.zip, on the server’s disk'
        )}
      </div>
    </FormField>
  );
}
