import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Environment } from '../_models';
import { formatBytes } from '../format';
import { RowGpuBadge, showsCheck } from '../gpu/gpubadge';
import { Badge, IconButton, TextButton } from '../widgets/components';

/** What the head of an environment's page needs. */
export interface IEnvironmentHeadProps {
  /** The environment. */
  environment: Environment;
  /** Opens a notebook with its kernel. */
  onNotebook: () => void;
  /** Opens a terminal in it; null where there are no terminals. */
  onTerminal: (() => void) | null;
  /** Copies its path. */
  onCopy: () => void;
  /** Shows what it is for, and whether the GPU works there. */
  onGpu: () => void;
  /** Shows its menu below an element. */
  onMenu: (anchor: HTMLElement) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** Which environment this is, at a glance. */
export function EnvironmentHead(props: IEnvironmentHeadProps): JSX.Element {
  const { environment, onNotebook, onTerminal, onCopy, onGpu, onMenu, trans } =
    props;
  const { name, prefix, python, languages, size, kernels } = environment;
  const spoken = python
    ? [{ name: 'Python', version: python }]
    : languages.slice(0, 1);
  return (
    <header className="jp-EnvManager-head">
      <div className="jp-EnvManager-headText">
        <h1 className="jp-EnvManager-title">{name}</h1>
        <div className="jp-EnvManager-headFacts">
          <span className="jp-EnvManager-headPath">
            <span className="jp-EnvManager-path" title={prefix}>
              {prefix}
            </span>
            <IconButton
              icon={copyIcon}
              label={trans.__('Copy path')}
              onClick={onCopy}
            />
          </span>
          {spoken.map(language => (
            <span key={language.name}>
              {language.name} {language.version}
            </span>
          ))}
          {size !== null && <span>{formatBytes(size)}</span>}
          <Badges environment={environment} onGpu={onGpu} trans={trans} />
        </div>
      </div>
      <div className="jp-EnvManager-headButtons">
        {kernels.length > 0 && (
          <TextButton onClick={onNotebook}>
            {trans.__('Open notebook')}
          </TextButton>
        )}
        {onTerminal && (
          <TextButton
            disabled={environment.state === 'building'}
            onClick={onTerminal}
          >
            {trans.__('Terminal')}
          </TextButton>
        )}
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('Actions for %1', name)}
          menu
          onClick={onMenu}
        />
      </div>
    </header>
  );
}

function Badges(props: {
  environment: Environment;
  onGpu: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, onGpu, trans } = props;
  const { state, problem, cuda, frozen, writable } = environment;
  return (
    <span className="jp-EnvManager-badges">
      {state === 'broken' && (
        <Badge kind="error" title={problem?.message}>
          {trans.__('broken')}
        </Badge>
      )}
      {(cuda || showsCheck(environment)) && (
        <button
          type="button"
          className="jp-EnvManager-badgeButton"
          onClick={onGpu}
        >
          <RowGpuBadge environment={environment} long trans={trans} />
        </button>
      )}
      {frozen && <Badge>{trans.__('frozen')}</Badge>}
      {!writable && <Badge>{trans.__('read only')}</Badge>}
    </span>
  );
}
