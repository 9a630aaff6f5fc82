import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Comparison, Difference, Environment, Problem } from '../_models';
import { joinParts } from '../format';
import { FileLines, isAboutFile } from '../plan/filelines';
import { IconButton, Note, TextButton } from '../widgets/components';
import { type Comparing, type Other, otherName } from './comparing';

/** What the comparison needs. */
export interface IComparisonViewProps {
  /** What is compared. */
  environment: Environment;
  /** What it can be compared with. */
  others: Environment[];
  /** With what, and what came out. */
  comparing: Comparing;
  /** Takes a file of the user's own machine. */
  onUpload: () => void;
  /** Lets the user choose a file of the workspace; null where there are none. */
  onWorkspace: (() => void) | null;
  /** Opens a file of the workspace in the editor. */
  onOpen: (path: string) => void;
  /** Asks for the environment to become like the other. */
  onLike: (other: Other) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The other, and one table of what differs. */
export function ComparisonView(props: IComparisonViewProps): JSX.Element {
  const { comparing, trans } = props;
  const { comparison, other } = comparing;
  return (
    <div className="jp-EnvManager-compare">
      <OtherField {...props} />
      {comparison.loading && (
        <div className="jp-EnvManager-empty" role="status">
          {trans.__('Comparing…')}
        </div>
      )}
      {comparison.problem && (
        <ProblemNote {...props} problem={comparison.problem} />
      )}
      {comparison.data && other && (
        <Result {...props} comparison={comparison.data} other={other} />
      )}
    </div>
  );
}

/** What keeps it from being compared, with the lines at fault where a file is. */
function ProblemNote(
  props: IComparisonViewProps & { problem: Problem }
): JSX.Element {
  const { comparing, problem, onOpen, onUpload, trans } = props;
  const { other } = comparing;
  const file = other?.kind === 'file' && isAboutFile(problem) ? other : null;
  const path = file?.path;
  return (
    <>
      <Note problem={problem} trans={trans}>
        {other && problem.code !== 'invalid' && (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try again')}
            onClick={() => void comparing.choose(other)}
          />
        )}
        {path !== undefined && (
          <TextButton onClick={() => onOpen(path)}>
            {trans.__('Open in the editor')}
          </TextButton>
        )}
        {file && path === undefined && (
          <TextButton onClick={onUpload}>
            {trans.__('Choose another file…')}
          </TextButton>
        )}
      </Note>
      {file && (
        <FileLines text={file.file.content} problem={problem} trans={trans} />
      )}
    </>
  );
}

/** Environments by their place in the list, a file by this. */
const FILE = 'file';
const WORKSPACE = 'workspace';
const UPLOAD = 'upload';

function OtherField(props: IComparisonViewProps): JSX.Element {
  const { others, comparing, onUpload, onWorkspace, trans } = props;
  const { other } = comparing;
  const id = React.useId();
  const twice = (name: string) =>
    others.filter(one => one.name === name).length > 1;
  const choose = (value: string) => {
    const environment = others.find(one => one.id === value);
    if (environment) {
      void comparing.choose({ kind: 'environment', environment });
    } else if (value === WORKSPACE) {
      onWorkspace?.();
    } else if (value === UPLOAD) {
      onUpload();
    }
  };
  return (
    <div className="jp-EnvManager-compareOther">
      <label className="jp-EnvManager-label" htmlFor={id}>
        {trans.__('With')}
      </label>
      <select
        id={id}
        className="jp-EnvManager-select"
        value={
          other === null
            ? ''
            : other.kind === 'file'
              ? FILE
              : other.environment.id
        }
        onChange={event => choose(event.target.value)}
      >
        {other === null && <option value="">{trans.__('Choose…')}</option>}
        {other?.kind === 'file' && (
          <option value={FILE}>{otherName(other)}</option>
        )}
        <optgroup label={trans.__('An environment')}>
          {others.map(({ id: value, name, prefix }) => (
            <option key={value} value={value}>
              {twice(name) ? `${name} (${prefix})` : name}
            </option>
          ))}
        </optgroup>
        <optgroup label={trans.__('A file')}>
          {onWorkspace && (
            <option value={WORKSPACE}>
              {trans.__('File of the workspace…')}
            </option>
          )}
          <option value={UPLOAD}>{trans.__('File of this computer…')}</option>
        </optgroup>
      </select>
    </div>
  );
}

type ResultProps = IComparisonViewProps & {
  comparison: Comparison;
  other: Other;
};

function Result(props: ResultProps): JSX.Element {
  const { environment, comparison, comparing, other, onLike, trans } = props;
  const { differences, same, exact, problems } = comparison;
  return (
    <>
      {problems.map((problem, index) => (
        <Note key={index} problem={problem} kind="warning" trans={trans} />
      ))}
      <div className="jp-EnvManager-compareHead">
        <span role="status">
          {differences.length
            ? joinParts(
                trans._n('%1 difference', '%1 differences', differences.length),
                trans.__('same: %1', String(same))
              )
            : joinParts(
                trans.__('They are the same.'),
                trans._n('%1 package', '%1 packages', same)
              )}
        </span>
        {differences.length > 0 && (
          <input
            type="search"
            className="jp-EnvManager-input"
            aria-label={trans.__('Filter packages')}
            placeholder={trans.__('Filter packages')}
            spellCheck={false}
            value={comparing.filter}
            onChange={event => (comparing.filter = event.target.value)}
          />
        )}
      </div>
      {!exact && (
        <p className="jp-EnvManager-hint">
          {trans.__(
            'The file names only what was asked for; what comes along as a dependency does not count.'
          )}
        </p>
      )}
      {differences.length > 0 && <Table {...props} />}
      {differences.length > 0 && (
        <div className="jp-EnvManager-compareLike">
          <TextButton
            primary
            disabled={environment.unchangeable !== ''}
            onClick={() => onLike(other)}
          >
            {trans.__('Make this one like that…')}
          </TextButton>
          <span className="jp-EnvManager-hint">
            {environment.unchangeable ||
              trans.__('You see first what that would do.')}
          </span>
        </div>
      )}
    </>
  );
}

function Table(props: ResultProps): JSX.Element {
  const { environment, comparison, comparing, trans } = props;
  const { shown } = comparing;
  return (
    <div className="jp-EnvManager-compareScroll" tabIndex={0}>
      <table className="jp-EnvManager-compareTable">
        <thead>
          <tr>
            <th scope="col">{trans.__('Package')}</th>
            <th scope="col">{environment.name}</th>
            <th scope="col">{comparison.title}</th>
            <th scope="col">{trans.__('What differs')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(one => (
            <Line
              key={`${one.manager} ${one.name}`}
              difference={one}
              {...props}
            />
          ))}
        </tbody>
      </table>
      {!shown.length && (
        <div className="jp-EnvManager-empty" role="status">
          {trans.__('No package matches “%1”.', comparing.filter)}
        </div>
      )}
    </div>
  );
}

function Line(props: {
  difference: Difference;
  trans: TranslationBundle;
}): JSX.Element {
  const { difference, trans } = props;
  const { name, manager, variable, kind, here, there } = difference;
  const origin = manager === 'pypi' ? 'PyPI' : '';
  const hint = variable ? trans.__('variable') : origin;
  // Builds and channels say something where they are what differs.
  const detailed = kind === 'build' || kind === 'channel';
  const { here_detail, there_detail } = difference;
  const words: Record<Difference['kind'], string> = {
    version: trans.__('version'),
    build: trans.__('build'),
    channel: trans.__('channel'),
    value: trans.__('value'),
    only_here: trans.__('only here'),
    only_there: trans.__('only there')
  };
  return (
    <tr data-package={name} data-kind={kind}>
      <th scope="row">
        {name}
        {hint && <span className="jp-EnvManager-hint"> {hint}</span>}
      </th>
      <Side version={here} detail={detailed ? here_detail : ''} />
      <Side version={there} detail={detailed ? there_detail : ''} />
      <td>{words[kind]}</td>
    </tr>
  );
}

function Side(props: { version: string | null; detail: string }): JSX.Element {
  const { version, detail } = props;
  return (
    <td>
      {version ?? '–'}
      {detail && <span className="jp-EnvManager-hint"> {detail}</span>}
    </td>
  );
}
