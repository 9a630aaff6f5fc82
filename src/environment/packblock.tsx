import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PackRequest, Problem } from '../_models';
import { baseName } from '../format';
import { ArchiveLine } from '../jobs/archiveline';
import { jobLine } from '../jobs/jobs';
import { isActive } from '../jobs/jobstate';
import { CommandIDs } from '../tokens';
import { Note, ProgressBar, TextButton } from '../widgets/components';
import { ActionButton } from '../widgets/formfield';
import { nextName, packName, withoutEnding } from './packname';
import { Block, immovable } from './shareblock';
import type { IShareTabProps } from './sharetab';

type Format = NonNullable<PackRequest['format']>;

/** Packing: the format and the folder, then how far it is, then the archive. */
export function PackBlock(props: IShareTabProps): JSX.Element {
  const { environment, job, speed, onPack, commands, trans } = props;
  const title = trans.__('As an archive');
  const why = immovable(environment, trans);
  const [format, setFormat] = React.useState<Format>('tar.gz');
  const [folder, setFolder] = React.useState('');
  const [typed, setTyped] = React.useState<string | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [starting, setStarting] = React.useState(false);
  const packing = job !== null && isActive(job);
  const idle = environment.state === 'ready' && environment.job === null;
  const last = job?.file ?? null;
  // While it is being written, the next name would look like that of this one.
  const name =
    typed ??
    (packing && last
      ? withoutEnding(baseName(last))
      : packName(environment.name, last));
  const pack = async () => {
    setStarting(true);
    setProblem(null);
    const filename = name.trim();
    const refusal = await onPack({ format, folder: folder.trim(), filename });
    if (refusal?.code === 'conflict' && refusal.field === 'filename') {
      const hint = trans.__('Another name is filled in: pack again.');
      setTyped(nextName(filename));
      setProblem({ ...refusal, hint });
    } else {
      setTyped(refusal && typed);
      setProblem(refusal);
    }
    setStarting(false);
  };
  if (why) {
    return <Block title={title} hint={why} />;
  }
  return (
    <Block
      title={title}
      hint={trans.__(
        'Everything that is in it, in one file, to carry to a machine without network: unpack it there, or start a new environment from it.'
      )}
    >
      <div className="jp-EnvManager-packLine">
        <FormatField format={format} onFormat={setFormat} trans={trans} />
        <label className="jp-EnvManager-packField jp-mod-name">
          {trans.__('Name')}
          <input
            className="jp-EnvManager-input"
            spellCheck={false}
            value={name}
            onChange={event => setTyped(event.target.value)}
          />
        </label>
        <FolderField
          folder={folder}
          onFolder={setFolder}
          onBrowse={props.onBrowse}
          trans={trans}
        />
        <ActionButton
          name="jp-EnvManager-pack"
          primary={false}
          disabled={!idle && !packing}
          busy={starting || packing}
          onClick={() => void pack()}
        >
          {packing ? trans.__('Packing…') : trans.__('Pack')}
        </ActionButton>
      </div>
      {problem && <Note problem={problem} trans={trans} />}
      {job && (
        <div
          className="jp-EnvManager-packJob"
          data-job-state={job.state}
          aria-live="polite"
        >
          {!job.error && (
            <div className="jp-EnvManager-packState">
              <span className="jp-EnvManager-hint">
                {jobLine(job, trans, speed)}
              </span>
              {packing && (
                <TextButton
                  onClick={() =>
                    void commands.execute(CommandIDs.cancelJob, { job: job.id })
                  }
                >
                  {trans.__('Cancel')}
                </TextButton>
              )}
            </div>
          )}
          {packing && <ProgressBar value={job.progress} label={job.title} />}
          {job.error && <Note problem={job.error} trans={trans} />}
          <ArchiveLine job={job} commands={commands} trans={trans} />
        </div>
      )}
    </Block>
  );
}

function FormatField(props: {
  format: Format;
  onFormat: (format: Format) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { format, onFormat, trans } = props;
  const words: Record<Format, string> = {
    'tar.gz': trans.__('tar.gz, opens everywhere'),
    'tar.zst': trans.__('tar.zst, smaller and faster'),
    zip: trans.__('zip, for Windows')
  };
  return (
    <label className="jp-EnvManager-packField">
      {trans.__('Format')}
      <select
        className="jp-EnvManager-select"
        value={format}
        onChange={event => onFormat(event.target.value as Format)}
      >
        {(Object.keys(words) as Format[]).map(one => (
          <option key={one} value={one}>
            {words[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

function FolderField(props: {
  folder: string;
  onFolder: (folder: string) => void;
  onBrowse: IShareTabProps['onBrowse'];
  trans: TranslationBundle;
}): JSX.Element {
  const { folder, onFolder, onBrowse, trans } = props;
  return (
    <>
      <label className="jp-EnvManager-packField jp-mod-folder">
        {trans.__('Folder')}
        <input
          className="jp-EnvManager-input"
          placeholder={trans.__('the top folder of the file browser')}
          spellCheck={false}
          value={folder}
          onChange={event => onFolder(event.target.value)}
        />
      </label>
      {onBrowse && (
        <TextButton
          onClick={() =>
            void onBrowse().then(path => path !== null && onFolder(path))
          }
        >
          {trans.__('Browse…')}
        </TextButton>
      )}
    </>
  );
}
