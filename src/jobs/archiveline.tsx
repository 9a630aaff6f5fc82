import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Job } from '../_models';
import { CommandIDs } from '../tokens';
import { TextButton } from '../widgets/components';

/** What the line needs. */
export interface IArchiveLineProps {
  /** The job that may have written an archive. */
  job: Job;
  /** The commands that it offers. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** The archive that a job has written, and what to do with it. */
export function ArchiveLine(props: IArchiveLineProps): JSX.Element | null {
  const { job, commands, trans } = props;
  const { id, file, state } = job;
  if (state !== 'succeeded' || file === null) {
    return null;
  }
  const button = (command: string, label: string, primary = false) =>
    commands.isVisible(command, { job: id }) && (
      <TextButton
        primary={primary}
        onClick={() => void commands.execute(command, { job: id })}
      >
        {label}
      </TextButton>
    );
  return (
    <div className="jp-EnvManager-archive">
      <span className="jp-EnvManager-path" title={file}>
        {file}
      </span>
      <span className="jp-EnvManager-archiveButtons">
        {button(CommandIDs.downloadArchive, trans.__('Download'), true)}
        {button(CommandIDs.showArchive, trans.__('Show in file browser'))}
      </span>
    </div>
  );
}
