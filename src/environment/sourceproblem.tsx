import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IPendingItem } from '../plan/pending';
import { CommandIDs } from '../tokens';
import { TextButton } from '../widgets/components';

const OPEN_FILE = 'docmanager:open';

/** What to do about a file that cannot be used: put it right where it is, or take another. */
export function FileRemedies(props: {
  /** The id of the environment that is to be updated. */
  environment: string;
  item: Pick<IPendingItem, 'path' | 'prune'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, item, commands, trans } = props;
  const { path, prune } = item;
  const button = (
    label: string,
    command: string,
    args: Record<string, string | boolean>
  ) => (
    <TextButton onClick={() => void commands.execute(command, args)}>
      {label}
    </TextButton>
  );
  return (
    <>
      {path !== undefined &&
        button(trans.__('Open in the editor'), OPEN_FILE, {
          path,
          factory: 'Editor'
        })}
      {path !== undefined &&
        button(trans.__('Read it again'), CommandIDs.updateFromFile, {
          environment,
          path,
          prune: prune === true
        })}
      {button(trans.__('Choose another file…'), CommandIDs.updateFromFile, {
        environment
      })}
    </>
  );
}
