import type { TranslationBundle } from '@jupyterlab/translation';

import type { Plan, PlanAction } from '../_models';
import { baseName, formatBytes } from '../format';
import type { InstallFlow } from './installflow';

/** So many packages are named in a sentence. */
const FEW = 3;

/** What a plan does, in one sentence: `opencv 4.9 and 3 more, 12 MB to download, nothing else changes`. */
export function planSentence(plan: Plan, trans: TranslationBundle): string {
  const { actions, download_size: download } = plan;
  if (!actions.length) {
    return trans.__('Everything is installed already.');
  }
  const asked = actions.filter(
    ({ op, reason }) => reason === 'asked' && op !== 'remove'
  );
  const named = (asked.length ? asked : actions).slice(0, FEW);
  const names = named.map(({ name, to }) => (to ? `${name} ${to}` : name));
  const more = actions.filter(
    action => action.op === 'install' && !named.includes(action)
  ).length;
  const what = more
    ? trans.__('%1 and %2 more', names.join(', '), String(more))
    : names.join(', ');
  const transfer = download
    ? trans.__('%1 to download', formatBytes(download))
    : trans.__('nothing to download');
  return trans.__('%1, %2; %3.', what, transfer, alsoChanged(actions, trans));
}

/** What becomes of packages that are installed already. */
function alsoChanged(actions: PlanAction[], trans: TranslationBundle): string {
  const changed = actions.filter(({ op }) => op !== 'install');
  if (!changed.length) {
    return trans.__('nothing else changes');
  }
  const names = changed.slice(0, FEW).map(({ name }) => name);
  const list =
    changed.length > FEW ? `${names.join(', ')}, …` : names.join(', ');
  return trans._n(
    '%1 installed package changes: %2',
    '%1 installed packages change: %2',
    changed.length,
    list
  );
}

/** What the packages of a flow are called in a sentence or on a button. */
export function itemNames(flow: Pick<InstallFlow, 'items'>): string {
  const names = flow.items.map(({ spec }) => spec);
  return names.length > FEW
    ? `${names.slice(0, FEW).join(', ')}, …`
    : names.join(', ');
}

/** The name of the environment of a flow; empty when it is not known. */
export function environmentName({
  environment
}: Pick<InstallFlow, 'environment'>): string {
  return environment ? environment.name || baseName(environment.prefix) : '';
}

/** What is said of a flow: a sentence, whose marked parts (see {@link mark}) are the names in it. */
export function sentence(flow: InstallFlow, trans: TranslationBundle): string {
  const module = mark(flow.module);
  const environment = mark(environmentName(flow));
  switch (flow.step) {
    case 'looking':
      return trans.__('Looking for the package that has %1…', module);
    case 'offer':
      return (
        flow.lead || trans.__('%1 is not installed in %2.', module, environment)
      );
    case 'absent':
      // Nobody has said that there is none where the lookup has failed.
      return flow.problem
        ? trans.__('%1 is not installed in %2.', module, environment)
        : trans.__(
            '%1 is not installed in %2, and no package that has it was found.',
            module,
            environment
          );
    case 'elsewhere':
      return elsewhereSentence(flow, trans);
    case 'present':
      if (!flow.mayRestart) {
        return trans.__(
          '%1 is installed in %2, but the kernel does not find it, also after a restart.',
          module,
          environment
        );
      }
      return trans.__(
        '%1 is installed in %2, but the kernel does not find it. A restart may help: variables will be lost.',
        module,
        environment
      );
    case 'closed':
      return closedSentence(flow, trans);
    case 'planning':
      return trans.__('Looking at what this changes in %1…', environment);
    case 'plan':
      return flow.plan ? planInto(flow.plan, environment, trans) : '';
    case 'working':
      return trans.__('Installing into %1…', environment);
    case 'failed':
      return trans.__('%1 could not be installed.', mark(itemNames(flow)));
    case 'done':
      return flow.module
        ? trans.__('Installed. The cell runs again…')
        : trans.__(
            '%1 is installed in %2.',
            mark(itemNames(flow)),
            environment
          );
    case 'restart':
      return trans.__(
        'The kernel must be restarted to use what was installed: variables will be lost.'
      );
  }
}

function planInto(
  plan: Plan,
  environment: string,
  trans: TranslationBundle
): string {
  const text = planSentence(plan, trans);
  return plan.actions.length
    ? trans.__('Into %1: %2', environment, text)
    : text;
}

function elsewhereSentence(
  flow: InstallFlow,
  trans: TranslationBundle
): string {
  const message = flow.elsewhere?.message ?? '';
  return flow.module
    ? trans.__('The kernel does not find %1. %2', mark(flow.module), message)
    : trans.__('What is installed here does not reach the kernel. %1', message);
}

function closedSentence(flow: InstallFlow, trans: TranslationBundle): string {
  const { environment, lead } = flow;
  const module = mark(flow.module);
  if (lead) {
    return lead;
  }
  return environment
    ? trans.__(
        '%1 is not installed in %2, and packages cannot be changed there.',
        module,
        mark(environmentName(flow))
      )
    : trans.__(
        '%1 is not installed, and the environment of this kernel is not known here.',
        module
      );
}

/** Mark a name in a sentence, so that it can be shown as one; what marks it is no character, and in no name. */
export function mark(name: string): string {
  return `\uFDD0${name}\uFDD1`;
}

/** The parts of a sentence with marks: texts and names in turns, beginning with a text. */
export function markedParts(text: string): string[] {
  return text.split(/[\uFDD0\uFDD1]/);
}
