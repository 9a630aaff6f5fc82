import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { EnvironmentGpu, FrameworkCheck, GpuCheck } from '../_models';
import { formatSeconds, formatTime, joinParts } from '../format';
import { Note, Output, ProgressBar } from '../widgets/components';
import { ActionButton } from '../widgets/formfield';
import { GpuBadge } from './gpubadge';
import type { GpuProof } from './gpuproof';

/** What the view of a check needs. */
export interface IGpuCheckProps {
  /** What is known of the environment's GPU. */
  gpu: EnvironmentGpu;
  /** Whether a check comes by itself. */
  coming: boolean;
  /** Begins and ends checks. */
  proof: GpuProof;
  /** Whether the environment cannot be asked anything now. */
  disabled: boolean;
  /** Translates. */
  trans: TranslationBundle;
}

/** Whether the GPU works in an environment: what the last check has found, and the button for the next. */
export function GpuCheckView(props: IGpuCheckProps): JSX.Element {
  const { gpu, coming, proof, disabled, trans } = props;
  const { check, builds, outdated, target } = gpu;
  const running = check?.state === 'running';
  const head = React.useRef<HTMLDivElement>(null);
  const seen = React.useRef(false);
  React.useEffect(() => {
    // The button that was pressed has given way to another.
    if (document.activeElement === document.body && seen.current) {
      head.current?.querySelector('button')?.focus();
    }
    seen.current = true;
  }, [running]);
  return (
    <section
      className="jp-EnvManager-gpuSection"
      aria-label={trans.__('GPU check')}
      data-gpu-state={check?.state ?? 'unchecked'}
    >
      <div ref={head} className="jp-EnvManager-gpuHead">
        <h2 className="jp-EnvManager-gpuTitle">{trans.__('Does it work?')}</h2>
        {running ? (
          <ActionButton
            key="cancel"
            name="jp-EnvManager-cancelGpu"
            primary={false}
            busy={proof.busy}
            onClick={() => void proof.cancel()}
          >
            {trans.__('Cancel')}
          </ActionButton>
        ) : (
          <ActionButton
            key="check"
            name="jp-EnvManager-checkGpu"
            primary={
              target.cuda !== null &&
              builds.length > 0 &&
              !coming &&
              (check === null || outdated)
            }
            disabled={disabled}
            busy={proof.busy}
            onClick={() => void proof.begin()}
          >
            {trans.__('Check GPU')}
          </ActionButton>
        )}
      </div>
      {proof.problem && <Note problem={proof.problem} trans={trans} />}
      <div aria-live="polite">
        {coming && !running ? (
          <p className="jp-EnvManager-hint" role="status">
            {trans.__('It is checked as soon as the kernel has answered.')}
          </p>
        ) : check === null ? (
          <p className="jp-EnvManager-hint">
            {trans.__(
              'Not checked yet. The check asks the frameworks inside the environment which GPU they see, and lets them multiply a small matrix on it.'
            )}
          </p>
        ) : running ? (
          <Running trans={trans} />
        ) : outdated ? (
          <Former check={check} trans={trans} />
        ) : (
          <>
            <FoundLine check={check} outdated={false} trans={trans} />
            <Found check={check} trans={trans} />
          </>
        )}
      </div>
    </section>
  );
}

function Running({ trans }: { trans: TranslationBundle }): JSX.Element {
  const line = trans.__('Asking the frameworks inside the environment…');
  return (
    <>
      <p className="jp-EnvManager-gpuLine" role="status">
        {line}
      </p>
      <ProgressBar value={null} label={line} />
    </>
  );
}

/** What was true before the last change, for who wants to know it. */
function Former(props: {
  check: GpuCheck;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  return (
    <>
      <FoundLine {...props} outdated />
      <p className="jp-EnvManager-hint">
        {trans.__('Packages have changed since: check again to know.')}
      </p>
      <details className="jp-EnvManager-printed">
        <summary>{trans.__('What was found then')}</summary>
        <Found {...props} />
      </details>
    </>
  );
}

function FoundLine(props: {
  check: GpuCheck;
  outdated: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { check, outdated, trans } = props;
  const { state, time, seconds, host, driver } = check;
  return (
    <p className="jp-EnvManager-gpuLine">
      <GpuBadge checked={{ state, time, outdated }} long trans={trans} />
      <span className="jp-EnvManager-gpuFacts" title={formatTime(time)}>
        {joinParts(
          host && trans.__('on %1', host),
          driver && trans.__('driver %1', driver),
          seconds !== null && trans.__('took %1', formatSeconds(seconds))
        )}
      </span>
    </p>
  );
}

function Found(props: {
  check: GpuCheck;
  trans: TranslationBundle;
}): JSX.Element {
  const { check, trans } = props;
  const { state, message, problem } = check;
  return (
    <>
      {message && message !== problem?.message && (
        <p className="jp-EnvManager-message">{message}</p>
      )}
      {problem && (
        <Note
          problem={problem}
          kind={state === 'cannot_see' ? 'error' : 'warning'}
          trans={trans}
        />
      )}
      {check.frameworks.map(framework => (
        <Framework
          key={framework.name}
          framework={framework}
          said={problem?.message ?? message}
          state={state}
          trans={trans}
        />
      ))}
      {check.output && (
        <details className="jp-EnvManager-printed">
          <summary>{trans.__('What the check printed')}</summary>
          <Output text={check.output} trans={trans} />
        </details>
      )}
    </>
  );
}

/** What one framework says. */
function Framework(props: {
  framework: FrameworkCheck;
  /** What is said above already. */
  said: string;
  /** What came of the whole, likewise. */
  state: GpuCheck['state'];
  trans: TranslationBundle;
}): JSX.Element {
  const { framework, said, trans } = props;
  const { name, version, state, product_ms: product } = framework;
  const message = newWords(framework.message, said);
  const { cuda, cudnn, devices, archs } = framework;
  const facts: [term: string, text: string][] = [
    [
      trans.__('Built for'),
      joinParts(
        cuda && trans.__('CUDA %1', cuda),
        cudnn && trans.__('cuDNN %1', cudnn)
      )
    ],
    [trans.__('Sees'), counted(devices).join(', ')],
    [trans.__('Has code for'), archs.join(' ')],
    [
      trans.__('Matrix product'),
      product === null ? '' : formatSeconds(product / 1000)
    ]
  ];
  return (
    <div
      className="jp-EnvManager-framework"
      role="group"
      aria-label={name}
      data-framework={name}
    >
      <div className="jp-EnvManager-frameworkHead">
        <b>{name}</b> <span>{version}</span>
        {state !== props.state && (
          <GpuBadge
            checked={{ state, time: null, outdated: false }}
            trans={trans}
          />
        )}
      </div>
      {message && <p className="jp-EnvManager-message">{message}</p>}
      <dl className="jp-EnvManager-facts">
        {facts
          .filter(([, text]) => text)
          .map(([term, text]) => (
            <React.Fragment key={term}>
              <dt>{term}</dt>
              <dd>{text}</dd>
            </React.Fragment>
          ))}
      </dl>
    </div>
  );
}

/** A message without the sentence that stands above it. */
function newWords(message: string, said: string): string {
  return said.includes(message) ? '' : message.replace(said, '').trim();
}

/** `NVIDIA H100 × 8` instead of eight times the same. */
function counted(names: string[]): string[] {
  return [...new Set(names)].map(name => {
    const count = names.filter(other => other === name).length;
    return count > 1 ? `${name} × ${count}` : name;
  });
}
