import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Sharing } from '../_models';
import { makeProblem } from '../api';
import { formatCount } from '../format';
import type { IResource } from '../tokens';
import { Note, Placeholder, TextButton } from '../widgets/components';
import { Block } from './shareblock';

/** What the block needs. */
export interface IGroupBlockProps {
  /** Who can use the environment. */
  sharing: IResource<Sharing>;
  /** Looks at that again. */
  onCheck: () => void;
  /** Puts right what keeps the group from using it. */
  onRepair: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** Whose an environment is, who can use it, and whether they really can. */
export function GroupBlock(props: IGroupBlockProps): JSX.Element {
  const { sharing, onCheck, onRepair, trans } = props;
  const { data, loading } = sharing;
  const found = React.useRef<HTMLDivElement>(null);
  return (
    <Block title={trans.__('The group')}>
      <Placeholder
        resource={sharing}
        onRetry={onCheck}
        trans={trans}
        loading={trans.__('Looking at the rights of the files…')}
      />
      {data && (
        <>
          <Facts sharing={data} trans={trans} />
          <div
            ref={found}
            className="jp-EnvManager-findings"
            tabIndex={-1}
            aria-live="polite"
          >
            <Findings sharing={data} trans={trans} />
          </div>
          <div className="jp-EnvManager-line">
            {data.repairable && (
              <TextButton
                primary
                disabled={loading}
                onClick={() => {
                  // The button goes away when it has helped.
                  found.current?.focus();
                  onRepair();
                }}
              >
                {trans.__('Repair')}
              </TextButton>
            )}
            <TextButton disabled={loading} onClick={onCheck}>
              {loading ? trans.__('Checking…') : trans.__('Check again')}
            </TextButton>
          </div>
        </>
      )}
    </Block>
  );
}

function Facts(props: {
  sharing: Sharing;
  trans: TranslationBundle;
}): JSX.Element {
  const { sharing, trans } = props;
  const { owner, group, access, members, writers } = sharing;
  const facts: [name: string, value: string | null][] = [
    [trans.__('Belongs to'), owner],
    [
      trans.__('Shared with'),
      group === null ? trans.__('no group') : trans.__('the group %1', group)
    ],
    [
      trans.__('Its members can'),
      access &&
        {
          read: trans.__('use it'),
          write: trans.__('use it and change it')
        }[access]
    ],
    [trans.__('Members'), members.join(', ')],
    [trans.__('Can be changed by'), writers]
  ];
  return (
    <dl className="jp-EnvManager-facts">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  );
}

function Findings(props: {
  sharing: Sharing;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { sharing, trans } = props;
  const { group, files, problems } = sharing;
  if (problems.length) {
    return (
      <>
        {problems.map((problem, index) => (
          <Note
            key={index}
            problem={problem}
            // What nobody shares need not be readable for others.
            kind={group === null ? 'info' : 'warning'}
            trans={trans}
          />
        ))}
      </>
    );
  }
  if (group === null) {
    return null;
  }
  const message = trans.__(
    'Every member can read all of its %1 files, and the folders on the way to them.',
    formatCount(files)
  );
  return <Note kind="info" problem={makeProblem('shared', message, '')} />;
}
