import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type {
  Environment,
  Kernel,
  KernelCheck,
  KernelOffers
} from '../_models';
import { formatAgo, formatSeconds, joinParts } from '../format';
import { Output, printedOutput } from '../widgets/components';
import { confirm } from '../widgets/dialogs';
import {
  canRemedy,
  isDoubtful,
  problemToSolve,
  remedyLabel
} from './kernelproblems';

/** Ask before a kernelspec goes; true when it may. */
export async function confirmKernelRemoval(
  kernel: Kernel,
  trans: TranslationBundle
): Promise<boolean> {
  return confirm(
    trans.__('Remove kernel “%1”?', kernel.display_name),
    <>
      {kernel.orphan && <p>{kernel.orphan_reason}</p>}
      {!kernel.stamped && (
        <p>{trans.__('It was not made by the environment manager.')}</p>
      )}
      <p>
        {trans.__(
          'This deletes the folder of the kernelspec; no environment is touched.'
        )}
      </p>
      <p className="jp-EnvManager-path">{kernel.path}</p>
    </>,
    Dialog.warnButton({ label: trans.__('Remove') }),
    trans
  );
}

/** Ask before a kernelspec that we did not write is changed; true when it may. */
export async function confirmForeign(
  kernel: Kernel,
  trans: TranslationBundle
): Promise<boolean> {
  return confirm(
    trans.__('Change kernel “%1”?', kernel.display_name),
    <>
      <p>
        {trans.__(
          'It was not made by the environment manager. Whoever made it may rely on the files in this folder:'
        )}
      </p>
      <p className="jp-EnvManager-path">{kernel.path}</p>
    </>,
    Dialog.warnButton({ label: trans.__('Change') }),
    trans
  );
}

/** Ask before others get a kernel, and all that is written in it; true when they may. */
export async function confirmSharing(
  kernel: Kernel,
  folder: string,
  trans: TranslationBundle
): Promise<boolean> {
  const { display_name, prefix, stamped } = kernel;
  return confirm(
    trans.__('Move kernel “%1” to the group?', display_name),
    <>
      <p>
        {trans.__(
          'Everybody whose Jupyter reads this folder has it in the launcher then, and can read its variables:'
        )}
      </p>
      <p className="jp-EnvManager-path">{folder}</p>
      {prefix && (
        <>
          <p>
            {trans.__(
              'It works only for those who may read the folder of its environment:'
            )}
          </p>
          <p className="jp-EnvManager-path">{prefix}</p>
        </>
      )}
      {!stamped && (
        <p>{trans.__('It was not made by the environment manager.')}</p>
      )}
    </>,
    Dialog.okButton({ label: trans.__('Move') }),
    trans
  );
}

/** Say that no package makes a kernel here, and which would; the packages to install, or null. */
export async function proposePackages(
  environment: Environment,
  offers: KernelOffers,
  trans: TranslationBundle
): Promise<string[] | null> {
  const packages = offers.proposals.map(({ package: name }) => name);
  const result = await showDialog({
    title: trans.__('%1 has no kernel package', environment.name),
    body: (
      <div className="jp-EnvManager-dialog">
        {offers.proposals.map(({ language, package: name }) => (
          <p key={name}>
            {trans.__(
              '%1 needs the package %2 to be a kernel.',
              language,
              name
            )}
          </p>
        ))}
        {!packages.length && (
          <p>
            {trans.__(
              'Install the kernel of your language there, such as ipykernel for Python.'
            )}
          </p>
        )}
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({
        label: packages.length
          ? trans.__('Install %1…', packages.join(', '))
          : trans.__('Open packages')
      })
    ]
  });
  return result.button.accept ? packages : null;
}

/** What the user wants after a test start. */
export type AfterCheck = 'remedy' | 'environment' | null;

/** Show what a test start has found, with the remedy of a kernel that did not answer. */
export async function showCheck(
  kernel: Kernel,
  check: KernelCheck,
  trans: TranslationBundle
): Promise<AfterCheck> {
  const failed = check.state === 'failed';
  const problem = problemToSolve(kernel, check);
  const wish: AfterCheck = !failed
    ? null
    : problem && canRemedy(kernel, problem)
      ? 'remedy'
      : kernel.environment
        ? 'environment'
        : null;
  const label =
    wish === 'remedy'
      ? remedyLabel(problem!, trans)
      : trans.__('Open environment');
  const result = await showDialog({
    title: checkTitle(kernel, check, trans),
    body: <CheckDetails check={check} trans={trans} />,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      ...(wish ? [Dialog.okButton({ label })] : [])
    ],
    defaultButton: 0
  });
  return result.button.accept ? wish : null;
}

/** How a test start went, in few words. */
export function checkTitle(
  { display_name: name }: Kernel,
  check: KernelCheck,
  trans: TranslationBundle
): string {
  if (isDoubtful(check)) {
    return trans.__('%1 starts, but not as it should', name);
  }
  return check.state === 'failed'
    ? trans.__('%1 did not start', name)
    : trans.__('Test start of %1', name);
}

/** What a kernel wrote, without what it writes at each start and nobody has to act upon. */
export function outputOf({ seconds, problem, output }: KernelCheck): string {
  const text = (problem && printedOutput(problem)) || output;
  return seconds === null
    ? text.trim()
    : text
        .split('\n')
        .filter(line => !line.includes('running over TCP without encryption'))
        .join('\n')
        .trim();
}

/** What a test start has found, a fact a line. */
export function CheckDetails(props: {
  check: KernelCheck;
  trans: TranslationBundle;
}): JSX.Element {
  const { check, trans } = props;
  const { problem, seconds, time, prefix, path, user_site, banner } = check;
  const output = outputOf(check);
  const facts: [string, React.ReactNode][] = [
    [
      trans.__('First reply'),
      seconds !== null &&
        joinParts(
          formatSeconds(seconds),
          time !== null && formatAgo(time, trans)
        )
    ],
    ['sys.prefix', prefix && <code>{prefix}</code>],
    [
      '~/.local',
      user_site !== null &&
        (user_site
          ? trans.__('its packages are used')
          : trans.__('its packages are not used'))
    ],
    [
      'PATH',
      path.length > 0 && (
        <ol className="jp-EnvManager-pathList">
          {path.map((folder, index) => (
            <li key={index}>
              <code>{folder}</code>
            </li>
          ))}
        </ol>
      )
    ],
    [
      trans.__('Banner'),
      banner && <pre className="jp-EnvManager-banner">{banner.trim()}</pre>
    ]
  ];
  return (
    <div className="jp-EnvManager-dialog jp-EnvManager-checkDetails">
      {check.state === 'failed' && (
        <>
          <p className="jp-EnvManager-message">
            {problem?.message ?? trans.__('The kernel did not answer.')}
          </p>
          {problem?.hint && <p>{problem.hint}</p>}
        </>
      )}
      <dl>
        {facts
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <React.Fragment key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
      </dl>
      {output && <Output text={output} trans={trans} />}
    </div>
  );
}
