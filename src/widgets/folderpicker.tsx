import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { folderIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { FolderListing, Problem } from '../_models';
import { toProblem } from '../api';
import {
  baseName,
  formatBytes,
  formatCount,
  joinParts,
  joinPath
} from '../format';
import { Badge, classes, LinkButton, Note } from './components';
import { environmentIcon } from './icons';

/** What the folder picker needs. */
export interface IFolderPickerOptions {
  /** Where to start; empty for the first allowed root. */
  path: string;
  /** Lists a folder. */
  list: (path: string) => Promise<FolderListing>;
  /** Translates. */
  trans: TranslationBundle;
}

/** Let the user choose the folder of a new environment; null when they would rather not. */
export async function pickFolder(
  options: IFolderPickerOptions
): Promise<string | null> {
  const { trans } = options;
  const result = await showDialog({
    title: trans.__('Choose a folder for the environment'),
    body: new FolderPickerBody(options),
    focusNodeSelector: '.jp-EnvManager-newFolder input',
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Choose') })
    ]
  });
  return result.button.accept ? result.value : null;
}

class FolderPickerBody
  extends ReactWidget
  implements Dialog.IBodyWidget<string | null>
{
  constructor(private readonly _options: IFolderPickerOptions) {
    super();
    this.addClass('jp-EnvManager-picker');
  }

  /** The folder chosen. */
  getValue(): string | null {
    return this._value;
  }

  protected render(): JSX.Element {
    return (
      <FolderPicker
        {...this._options}
        onChange={value => (this._value = value)}
      />
    );
  }

  private _value: string | null = null;
}

function FolderPicker(
  props: IFolderPickerOptions & { onChange: (value: string | null) => void }
): JSX.Element {
  const { list, trans, onChange } = props;
  const [path, setPath] = React.useState(props.path);
  const [listing, setListing] = React.useState<FolderListing | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [name, setName] = React.useState('');

  React.useEffect(() => {
    let current = true;
    list(path).then(
      answer => {
        if (current) {
          setListing(answer);
          setProblem(null);
        }
      },
      error => {
        if (current) {
          setProblem(toProblem(error));
        }
      }
    );
    return () => {
      current = false;
    };
  }, [path]);

  const target =
    listing &&
    (name.trim() ? joinPath(listing.path, name.trim()) : listing.path);
  React.useEffect(() => {
    onChange(target);
  }, [target]);

  return (
    <>
      {problem && (
        <Note problem={problem}>
          {path && (
            <LinkButton onClick={() => setPath('')}>
              {trans.__('Start over')}
            </LinkButton>
          )}
        </Note>
      )}
      {listing && (
        <>
          <Breadcrumbs listing={listing} trans={trans} onOpen={setPath} />
          <Folders listing={listing} trans={trans} onOpen={setPath} />
          <label className="jp-EnvManager-newFolder">
            {trans.__('New folder in it')}
            <input
              className="jp-EnvManager-input"
              value={name}
              spellCheck={false}
              placeholder={trans.__('empty: the folder above itself')}
              onChange={event => setName(event.target.value)}
            />
          </label>
          <div className="jp-EnvManager-hint" role="status">
            {listing.writable
              ? joinParts(
                  target,
                  listing.free !== null &&
                    trans.__('%1 free', formatBytes(listing.free)),
                  listing.free_files !== null &&
                    trans.__('%1 files free', formatCount(listing.free_files))
                )
              : trans.__('You cannot write into %1.', listing.path)}
          </div>
        </>
      )}
      {!listing && !problem && (
        <div className="jp-EnvManager-empty">
          {trans.__('Reading the folder…')}
        </div>
      )}
    </>
  );
}

interface IListingProps {
  listing: FolderListing;
  trans: TranslationBundle;
  onOpen: (path: string) => void;
}

/** The allowed root, and each folder on the way down. */
function Breadcrumbs({ listing, trans, onOpen }: IListingProps): JSX.Element {
  const { roots, path } = listing;
  const root =
    roots
      .filter(
        candidate =>
          path === candidate || path.startsWith(joinPath(candidate, ''))
      )
      .sort((a, b) => b.length - a.length)[0] ?? path;
  const steps = path.slice(root.length).split('/').filter(Boolean);
  return (
    <nav className="jp-EnvManager-breadcrumbs" aria-label={trans.__('Folder')}>
      {roots.length > 1 ? (
        <select
          className="jp-EnvManager-select"
          aria-label={trans.__('Allowed folders')}
          value={root}
          onChange={event => onOpen(event.target.value)}
        >
          {[...new Set([root, ...roots])].map(candidate => (
            <option key={candidate} value={candidate}>
              {candidate}
            </option>
          ))}
        </select>
      ) : (
        <LinkButton onClick={() => onOpen(root)}>{root}</LinkButton>
      )}
      {steps.map((step, index) => (
        <React.Fragment key={index}>
          <span>/</span>
          <LinkButton
            onClick={() =>
              onOpen(joinPath(root, steps.slice(0, index + 1).join('/')))
            }
          >
            {step}
          </LinkButton>
        </React.Fragment>
      ))}
    </nav>
  );
}

function Folders({ listing, trans, onOpen }: IListingProps): JSX.Element {
  const list = React.useRef<HTMLDivElement>(null);
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const rows = [
        ...(list.current?.querySelectorAll<HTMLElement>('button:enabled') ?? [])
      ];
      const next = rows.indexOf(document.activeElement as HTMLElement) + step;
      rows[Math.min(rows.length - 1, Math.max(0, next))]?.focus();
      event.preventDefault();
    }
  };
  return (
    <div
      ref={list}
      className="jp-EnvManager-folders"
      role="group"
      aria-label={trans.__('Folders in %1', listing.path)}
      onKeyDown={move}
    >
      {listing.parent !== null && (
        <FolderRow
          name=".."
          label={trans.__('Up')}
          onOpen={() => onOpen(listing.parent ?? '')}
        />
      )}
      {listing.folders.map(folder => (
        <FolderRow
          key={folder.path}
          name={folder.name || baseName(folder.path)}
          label={trans.__('Open %1', folder.name)}
          environment={folder.environment}
          onOpen={() => onOpen(folder.path)}
        >
          {folder.environment ? (
            <Badge>{trans.__('environment')}</Badge>
          ) : (
            !folder.writable && <Badge>{trans.__('read only')}</Badge>
          )}
        </FolderRow>
      ))}
      {!listing.folders.length && (
        <div className="jp-EnvManager-empty">
          {trans.__('No folders in here.')}
        </div>
      )}
    </div>
  );
}

function FolderRow(props: {
  name: string;
  label: string;
  environment?: boolean;
  onOpen: () => void;
  children?: React.ReactNode;
}): JSX.Element {
  const Icon = props.environment ? environmentIcon : folderIcon;
  return (
    <button
      type="button"
      className={classes(
        'jp-EnvManager-folder',
        props.environment && 'jp-mod-environment'
      )}
      aria-label={props.label}
      disabled={props.environment}
      onClick={props.onOpen}
    >
      <Icon.react tag="span" width="16px" height="16px" />
      <span className="jp-EnvManager-rowName">{props.name}</span>
      {props.children}
    </button>
  );
}
