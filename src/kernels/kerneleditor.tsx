import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type {
  Environment,
  Kernel,
  KernelOffers,
  KernelSettings,
  KernelTemplate
} from '../_models';
import type { IEnvManagerModel } from '../tokens';
import { LinkButton } from '../widgets/components';
import { FormDialog } from '../widgets/formdialog';
import { confirmForeign } from './kerneldialogs';
import {
  LinesField,
  NameField,
  SourceField,
  TemplateField,
  UserSiteField,
  VariablesField
} from './kernelfields';
import { draftOf, type KernelField, KernelForm } from './kernelform';
import { LogoField } from './kernellogo';
import { isChangeable, lockedWords } from './kernelproblems';

/** Let the user change a kernel, and ask before one that we did not write is. True when a copy is wanted instead. */
export async function editKernel(
  model: IEnvManagerModel,
  settings: KernelSettings,
  trans: TranslationBundle
): Promise<boolean> {
  const { kernel, editable, version } = settings;
  const form = new KernelForm(draftOf(settings), editable, trans);
  const send = async () => {
    const edit = form.toEdit();
    if (Object.keys(edit).length) {
      const from = { ...edit, version };
      await model.editKernel(kernel.name, from, !kernel.stamped);
    }
  };
  // JupyterLab shows one dialog at a time: the form goes for the question, and comes back after a No.
  for (;;) {
    const wish = await showEditor(model, settings, form, send, trans);
    if (wish !== 'confirm') {
      return wish === 'copy';
    }
    if (
      !Object.keys(form.toEdit()).length ||
      ((await confirmForeign(kernel, trans)) && (await form.save(send)))
    ) {
      return false;
    }
  }
}

/** Show the form until it is sent, closed, or left for a question or a copy. */
async function showEditor(
  model: IEnvManagerModel,
  settings: KernelSettings,
  form: KernelForm,
  send: () => Promise<void>,
  trans: TranslationBundle
): Promise<'confirm' | 'copy' | null> {
  const { kernel, editable } = settings;
  let wish: 'confirm' | 'copy' | null = null;
  const dialog = new FormDialog({
    title: trans.__('Edit kernel “%1”', kernel.display_name),
    changed: form.changed,
    form: () => (
      <EditForm
        form={form}
        settings={settings}
        logo={model.kernelLogo(kernel.name)}
        onCopy={() => {
          wish = 'copy';
          dialog.reject();
        }}
        trans={trans}
      />
    ),
    save: () =>
      form.save(async () => {
        if (kernel.stamped) {
          await send();
        } else {
          wish = 'confirm';
        }
      }),
    saveLabel: editable.length ? trans.__('Save') : null,
    trans
  });
  await dialog.launch();
  return wish;
}

/** Let the user make a kernel for an environment, with all that can be set. */
export async function makeKernel(
  model: IEnvManagerModel,
  environment: Environment,
  offers: KernelOffers,
  trans: TranslationBundle
): Promise<void> {
  const { data } = model.get('kernels');
  const templates = data?.templates ?? [];
  const start = {
    display_name: freeName(environment.name, data?.kernels ?? []),
    source: offers.offers[0]?.source ?? '',
    template: templates[0]?.name ?? ''
  };
  const form = new KernelForm(start, null, trans);
  const dialog = new FormDialog({
    title: trans.__('New kernel for %1', environment.name),
    changed: form.changed,
    form: () => (
      <NewForm
        form={form}
        offers={offers}
        templates={templates}
        trans={trans}
      />
    ),
    save: () =>
      form.save(() => model.registerKernel(form.toNew(environment.id))),
    saveLabel: trans.__('Register'),
    trans
  });
  await dialog.launch();
}

/** Let the user make a copy of a kernel; null when they would rather not. */
export async function copyKernel(
  model: IEnvManagerModel,
  kernel: Kernel,
  trans: TranslationBundle
): Promise<Kernel | null> {
  const kernels = model.get('kernels').data?.kernels ?? [];
  const form = new KernelForm(
    { display_name: freeName(kernel.display_name, kernels) },
    null,
    trans
  );
  let made: Kernel | null = null;
  const dialog = new FormDialog({
    title: trans.__('Duplicate kernel “%1”', kernel.display_name),
    changed: form.changed,
    form: () => (
      <div className="jp-EnvManager-form">
        <OtherProblem form={form} />
        <NameField form={form} trans={trans} />
      </div>
    ),
    save: () =>
      form.save(async () => {
        const display_name = form.draft.display_name.trim();
        made = await model.copyKernel(kernel.name, { display_name });
      }),
    saveLabel: trans.__('Duplicate'),
    trans
  });
  await dialog.launch();
  return made;
}

/** A name that no kernel has: “stats”, “stats (2)”, … */
export function freeName(name: string, kernels: readonly Kernel[]): string {
  const taken = new Set(
    kernels.map(({ display_name }) => display_name.toLowerCase())
  );
  const base = name.replace(/ \(\d+\)$/, '');
  let proposal = name;
  for (let number = 2; taken.has(proposal.toLowerCase()); number++) {
    proposal = `${base} (${number})`;
  }
  return proposal;
}

function EditForm(props: {
  form: KernelForm;
  settings: KernelSettings;
  logo: string | null;
  onCopy: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { form, settings, logo, onCopy, trans } = props;
  const reason = lockedReason(settings, trans);
  return (
    <div className="jp-EnvManager-form">
      {reason && (
        <div className="jp-EnvManager-note jp-mod-info" role="note">
          <div className="jp-EnvManager-noteText">
            {reason}{' '}
            <LinkButton onClick={onCopy}>
              {trans.__('Duplicate it…')}
            </LinkButton>
          </div>
        </div>
      )}
      <OtherProblem form={form} />
      <NameField form={form} trans={trans} />
      <LogoField form={form} current={logo} fresh={false} trans={trans} />
      <Fields form={form} trans={trans} />
      <Advanced settings={settings} trans={trans} />
    </div>
  );
}

function NewForm(props: {
  form: KernelForm;
  offers: KernelOffers;
  templates: KernelTemplate[];
  trans: TranslationBundle;
}): JSX.Element {
  const { form, offers, templates, trans } = props;
  return (
    <div className="jp-EnvManager-form">
      <OtherProblem form={form} />
      <NameField form={form} trans={trans} />
      <SourceField form={form} offers={offers} trans={trans} />
      <TemplateField form={form} templates={templates} trans={trans} />
      <LogoField form={form} current={null} fresh trans={trans} />
      <Fields form={form} trans={trans} />
    </div>
  );
}

function Fields(props: {
  form: KernelForm;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  return (
    <>
      <VariablesField {...props} />
      <LinesField
        {...props}
        field="modules"
        label={trans.__('Modules')}
        hint={trans.__(
          'Environment modules to load before the kernel starts, one a line, such as cuda/12.4.'
        )}
      />
      <LinesField
        {...props}
        field="arguments"
        label={trans.__('Arguments')}
        hint={trans.__('Added to the kernel’s command line, one a line.')}
      />
      <UserSiteField {...props} />
    </>
  );
}

/** A problem without a field. Not in the class of errors, for which JupyterLab's dialogs lock their buttons. */
function OtherProblem({ form }: { form: KernelForm }): JSX.Element | null {
  const problem = form.otherProblem;
  return problem ? (
    <div
      className="jp-EnvManager-note jp-mod-problem"
      role="alert"
      data-code={problem.code}
    >
      <div className="jp-EnvManager-noteText">
        <div className="jp-EnvManager-noteMessage">{problem.message}</div>
        {problem.hint && (
          <div className="jp-EnvManager-hint">{problem.hint}</div>
        )}
      </div>
    </div>
  ) : null;
}

function Advanced(props: {
  settings: KernelSettings;
  trans: TranslationBundle;
}): JSX.Element {
  const { settings, trans } = props;
  const { kernel, argv, script } = settings;
  const texts: [string, string][] = [
    [trans.__('Folder'), kernel.path],
    [trans.__('Command line'), argv.join('\n')],
    ['run.sh', script]
  ];
  return (
    <details className="jp-EnvManager-advanced">
      <summary>{trans.__('Advanced: how it is started')}</summary>
      {texts
        .filter(([, text]) => text)
        .map(([label, text]) => (
          <React.Fragment key={label}>
            <div className="jp-EnvManager-hint">{label}</div>
            <pre
              className="jp-EnvManager-output"
              role="region"
              aria-label={label}
              tabIndex={0}
            >
              {text}
            </pre>
          </React.Fragment>
        ))}
    </details>
  );
}

/** Why some fields cannot be changed; empty when all can. */
export function lockedReason(
  { kernel, editable }: KernelSettings,
  trans: TranslationBundle
): string {
  const fields: KernelField[] = [
    'display_name',
    'logo',
    'variables',
    'modules',
    'arguments',
    'user_site'
  ];
  if (fields.every(field => editable.includes(field))) {
    return '';
  }
  if (!isChangeable(kernel)) {
    return `${lockedWords(kernel, trans)} ${trans.__('A copy can be changed.')}`;
  }
  return kernel.stamped
    ? trans.__(
        'The template of this kernel does not take all settings. A copy may take more.'
      )
    : trans.__(
        'This kernel was not made by the environment manager, so not all of it can be changed. A copy can.'
      );
}
