import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type {
  Environment,
  Job,
  PackRequest,
  Problem,
  Sharing
} from '../_models';
import { CommandIDs, type IJobSpeed, type IResource } from '../tokens';
import { TextButton } from '../widgets/components';
import { GroupBlock } from './groupblock';
import { PackBlock } from './packblock';
import { Block, immovable } from './shareblock';

/** What the tab needs. */
export interface IShareTabProps {
  /** The environment. */
  environment: Environment;
  /** Who can use it. */
  sharing: IResource<Sharing>;
  /** Looks at that again. */
  onCheck: () => void;
  /** Puts right what keeps the group from using it. */
  onRepair: () => void;
  /** The job that packs it, or has packed it last. */
  job: Job | null;
  /** How fast that job is. */
  speed: IJobSpeed | null;
  /** Begins to pack it; gives why that cannot be done. */
  onPack: (request: PackRequest) => Promise<Problem | null>;
  /** Lets the user choose a folder; null where that is not possible. */
  onBrowse: (() => Promise<string | null>) | null;
  /** The commands it offers. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** How an environment gets to other machines and to other people. */
export function ShareTab(props: IShareTabProps): JSX.Element {
  const { sharing, onCheck, onRepair, trans } = props;
  return (
    <div className="jp-EnvManager-scroll jp-EnvManager-shareView">
      <ExportBlock {...props} />
      <PackBlock {...props} />
      <CopyBlock {...props} />
      <GroupBlock
        sharing={sharing}
        onCheck={onCheck}
        onRepair={onRepair}
        trans={trans}
      />
    </div>
  );
}

function ExportBlock(props: IShareTabProps): JSX.Element {
  const { trans } = props;
  return (
    <Block
      title={trans.__('As a file')}
      hint={trans.__(
        'A text that others make the same environment from: to send, to publish, to keep beside your notebooks.'
      )}
    >
      <div className="jp-EnvManager-line">
        {['environment.yml', 'pixi.lock', 'requirements.txt'].map(format => (
          <CommandButton
            {...props}
            key={format}
            command={CommandIDs.exportEnvironment}
            args={{ format }}
          >
            {format}
          </CommandButton>
        ))}
        <CommandButton {...props} command={CommandIDs.exportEnvironment}>
          {trans.__('More formats…')}
        </CommandButton>
      </div>
    </Block>
  );
}

function CopyBlock(props: IShareTabProps): JSX.Element {
  const { commands, environment, trans } = props;
  return (
    <Block
      title={trans.__('Clone and compare')}
      hint={
        immovable(environment, trans) ||
        trans.__(
          'A clone has everything that is in the environment, your own files too, and can be changed without risk.'
        )
      }
    >
      <div className="jp-EnvManager-line">
        <CommandButton {...props} command={CommandIDs.clone}>
          {commands.label(CommandIDs.clone, { environment: environment.id })}
        </CommandButton>
        <CommandButton {...props} command={CommandIDs.compare}>
          {trans.__('Compare…')}
        </CommandButton>
      </div>
    </Block>
  );
}

function CommandButton(
  props: IShareTabProps & {
    command: string;
    args?: Record<string, string>;
    children: string;
  }
): JSX.Element {
  const { commands, environment, command, children } = props;
  const args = { environment: environment.id, ...props.args };
  return (
    <TextButton
      disabled={!commands.isEnabled(command, args)}
      onClick={() => void commands.execute(command, args)}
    >
      {children}
    </TextButton>
  );
}
