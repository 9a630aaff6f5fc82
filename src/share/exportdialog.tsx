import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Environment, Export } from '../_models';
import { makeProblem } from '../api';
import type { WorkspaceFolder } from '../files/workspacefolder';
import type { IInside } from '../tokens';
import {
  IconButton,
  LinkButton,
  Note,
  TextButton
} from '../widgets/components';
import { download } from '../widgets/download';
import { FormDialog } from '../widgets/formdialog';
import { ActionButton } from '../widgets/formfield';
import { type ExportFormat, formatGroups, formatWords } from './exportformats';
import { Exporting } from './exporting';

/** What the dialog needs. */
export interface IExportDialogOptions {
  /** What is exported. */
  environment: Environment;
  /** Writes it. */
  inside: Pick<IInside, 'export'>;
  /** The format that is shown first. */
  format?: ExportFormat;
  /** Where files are saved. */
  folder: WorkspaceFolder;
  /** Shows a saved file; null where nothing can. */
  onOpen: ((path: string) => void) | null;
  /** Translates. */
  trans: TranslationBundle;
}

/** Show an environment as a file, in the format of the user's choice, to copy, to download or to save. */
export async function exportEnvironment(
  options: IExportDialogOptions
): Promise<void> {
  const { environment, inside, format, folder, onOpen, trans } = options;
  const exporting = new Exporting({
    read: one => inside.export(one),
    format,
    folder,
    trans
  });
  const dialog = new FormDialog({
    title: trans.__('Export “%1”', environment.name),
    changed: exporting.changed,
    form: () => (
      <ExportForm
        exporting={exporting}
        folder={folder}
        onOpen={
          onOpen &&
          (path => {
            dialog.reject();
            onOpen(path);
          })
        }
        trans={trans}
      />
    ),
    focus: 'select',
    save: async () => true,
    saveLabel: null,
    trans
  });
  dialog.addClass('jp-EnvManager-exportDialog');
  await dialog.launch();
}

/** What the parts of the dialog need. */
interface IExportFormProps {
  exporting: Exporting;
  folder: WorkspaceFolder;
  onOpen: ((path: string) => void) | null;
  trans: TranslationBundle;
}

function ExportForm(props: IExportFormProps): JSX.Element {
  const { exporting, trans } = props;
  const id = React.useId();
  const { format, file } = exporting;
  return (
    <div className="jp-EnvManager-export">
      <div>
        <label className="jp-EnvManager-label" htmlFor={id}>
          {trans.__('Format')}
        </label>
        <select
          id={id}
          className="jp-EnvManager-select"
          value={format}
          aria-describedby={`${id}-hint`}
          onChange={event =>
            void exporting.choose(event.target.value as ExportFormat)
          }
        >
          {formatGroups(trans).map(({ label, formats }) => (
            <optgroup key={label} label={label}>
              {formats.map(words => (
                <option key={words.format} value={words.format}>
                  {words.label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
        <div className="jp-EnvManager-hint" id={`${id}-hint`}>
          {formatWords(format, trans).hint}
        </div>
      </div>
      {file.problem && (
        <Note problem={file.problem} trans={trans}>
          {/* What a format cannot hold, it cannot hold the next time either. */}
          {file.problem.code !== 'invalid' && (
            <IconButton
              icon={refreshIcon}
              label={trans.__('Try again')}
              onClick={() => void exporting.choose(format)}
            />
          )}
        </Note>
      )}
      {file.loading && (
        <div className="jp-EnvManager-exportLoading" role="status">
          {trans.__('Writing the file…')}
        </div>
      )}
      {file.data && <ExportedFile {...props} file={file.data} />}
      <div role="status">
        <OutcomeLine {...props} />
      </div>
    </div>
  );
}

/** The file, what it lacks, and what can be done with it. */
function ExportedFile(props: IExportFormProps & { file: Export }): JSX.Element {
  const { exporting, file, folder, trans } = props;
  const { filename, content, problems } = file;
  const id = React.useId();
  return (
    <>
      {problems.map((problem, index) => (
        <Note key={index} problem={problem} kind="warning" />
      ))}
      <div>
        <label className="jp-EnvManager-label" htmlFor={id}>
          {filename}
        </label>
        <textarea
          key={filename}
          id={id}
          className="jp-EnvManager-exportText"
          value={content}
          rows={Math.min(18, Math.max(6, content.split('\n').length))}
          wrap="off"
          spellCheck={false}
          readOnly
        />
      </div>
      <div className="jp-EnvManager-exportActions">
        <TextButton
          onClick={() => {
            Clipboard.copyToSystem(content);
            exporting.copied();
          }}
        >
          {trans.__('Copy')}
        </TextButton>
        <TextButton onClick={() => download(filename, content)}>
          {trans.__('Download')}
        </TextButton>
        <ActionButton
          name="jp-EnvManager-exportSave"
          primary
          busy={exporting.saving}
          onClick={() => void exporting.save(file)}
        >
          {trans.__('Save in the workspace')}
        </ActionButton>
        <span className="jp-EnvManager-hint">
          {folder.name
            ? trans.__('in the folder %1', folder.name)
            : trans.__('in the top folder of the file browser')}
        </span>
      </div>
    </>
  );
}

/** What has become of the file, or the question that has to be answered first. */
function OutcomeLine(props: IExportFormProps): JSX.Element | null {
  const { exporting, folder, onOpen, trans } = props;
  const { outcome } = exporting;
  const note = React.useRef<HTMLDivElement>(null);
  // The buttons of the question go with it: the focus goes back to where it came from.
  const save = (...args: Parameters<Exporting['save']>) => {
    note.current
      ?.closest('.jp-EnvManager-export')
      ?.querySelector<HTMLElement>('.jp-EnvManager-exportSave')
      ?.focus();
    void exporting.save(...args);
  };
  if (exporting.saving) {
    return <>{trans.__('Saving…')}</>;
  }
  switch (outcome?.kind) {
    case 'copied':
      return <>{trans.__('Copied.')}</>;
    case 'saved':
      return (
        <>
          {trans.__('Saved as %1.', folder.localPath(outcome.path))}{' '}
          {onOpen && (
            <LinkButton onClick={() => onOpen(outcome.path)}>
              {trans.__('Open it')}
            </LinkButton>
          )}
        </>
      );
    case 'taken': {
      const { file, free } = outcome;
      const message = trans.__('%1 is in this folder already.', file.filename);
      return (
        <div ref={note}>
          <Note problem={makeProblem('taken', message, '')} kind="warning">
            <TextButton onClick={() => save(file, free)}>
              {trans.__('Save as %1', free)}
            </TextButton>
            <TextButton danger onClick={() => save(file, file.filename, true)}>
              {trans.__('Replace it')}
            </TextButton>
          </Note>
        </div>
      );
    }
    case 'failed':
      return <Note problem={outcome.problem} trans={trans} />;
    default:
      return null;
  }
}
