import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { KernelOffers, KernelTemplate } from '../_models';
import { classes, IconButton, LinkButton } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import type { IVariable, KernelForm } from './kernelform';

/** What a field of the form needs. */
export interface IKernelFieldProps {
  /** The form that it is part of. */
  form: KernelForm;
  /** Translates. */
  trans: TranslationBundle;
}

/** The name in launcher and kernel pickers. */
export function NameField({ form, trans }: IKernelFieldProps): JSX.Element {
  const id = React.useId();
  const problem = form.problemOf('display_name');
  return (
    <FormField id={id} label={trans.__('Name')} problems={[problem]}>
      <input
        id={id}
        type="text"
        className={classes('jp-EnvManager-input', problem && 'jp-mod-invalid')}
        aria-invalid={problem !== null}
        spellCheck={false}
        disabled={!form.canEdit('display_name')}
        value={form.draft.display_name}
        onChange={event => form.edit({ display_name: event.target.value })}
      />
    </FormField>
  );
}

/** Which of the environment's kernels it is; nothing to choose where there is one. */
export function SourceField(
  props: IKernelFieldProps & { offers: KernelOffers }
): JSX.Element | null {
  const { form, offers, trans } = props;
  const id = React.useId();
  if (offers.offers.length < 2) {
    return null;
  }
  return (
    <FormField
      id={id}
      label={trans.__('Kernel')}
      problems={[form.problemOf('source')]}
    >
      <select
        id={id}
        className="jp-EnvManager-select"
        value={form.draft.source}
        onChange={event => form.edit({ source: event.target.value })}
      >
        {offers.offers.map(({ source, display_name, language }) => (
          <option key={source} value={source}>
            {display_name.toLowerCase().includes(language.toLowerCase())
              ? display_name
              : `${display_name} (${language})`}
          </option>
        ))}
      </select>
    </FormField>
  );
}

/** What it is made from; nothing to choose where there is one. */
export function TemplateField(
  props: IKernelFieldProps & { templates: readonly KernelTemplate[] }
): JSX.Element | null {
  const { form, templates, trans } = props;
  const id = React.useId();
  if (templates.length < 2) {
    return null;
  }
  return (
    <FormField
      id={id}
      label={trans.__('Template')}
      problems={[form.problemOf('template')]}
    >
      <select
        id={id}
        className="jp-EnvManager-select"
        value={form.draft.template}
        onChange={event => form.edit({ template: event.target.value })}
      >
        {templates.map(({ name, title, path }) => (
          <option key={name} value={name} title={path}>
            {title}
          </option>
        ))}
      </select>
    </FormField>
  );
}

/** The environment variables that the kernel starts with. */
export function VariablesField({
  form,
  trans
}: IKernelFieldProps): JSX.Element {
  const id = React.useId();
  const disabled = !form.canEdit('variables');
  const { variables } = form.draft;
  const change = (index: number, part: Partial<IVariable>) =>
    form.edit({
      variables: variables.map((entry, at) =>
        at === index ? { ...entry, ...part } : entry
      )
    });
  return (
    <FormField
      id={`${id}-add`}
      label={trans.__('Variables')}
      problems={[form.problemOf('variables')]}
    >
      <div
        className="jp-EnvManager-variables"
        role="group"
        aria-label={trans.__('Variables')}
      >
        {variables.map(({ name, value }, index) => (
          <div key={index} className="jp-EnvManager-variable">
            <input
              type="text"
              className="jp-EnvManager-input"
              aria-label={trans.__('Name of variable %1', String(index + 1))}
              placeholder={trans.__('NAME')}
              spellCheck={false}
              autoCapitalize="off"
              disabled={disabled}
              value={name}
              onChange={event => change(index, { name: event.target.value })}
            />
            <input
              type="text"
              className="jp-EnvManager-input"
              aria-label={trans.__('Value of variable %1', String(index + 1))}
              placeholder={trans.__('value')}
              spellCheck={false}
              disabled={disabled}
              value={value}
              onChange={event => change(index, { value: event.target.value })}
            />
            <IconButton
              icon={closeIcon}
              label={trans.__('Remove variable %1', name || String(index + 1))}
              disabled={disabled}
              onClick={() =>
                form.edit({
                  variables: variables.filter((_, at) => at !== index)
                })
              }
            />
          </div>
        ))}
        {!disabled && (
          <LinkButton
            onClick={() =>
              form.edit({ variables: [...variables, { name: '', value: '' }] })
            }
          >
            {trans.__('Add variable')}
          </LinkButton>
        )}
        {disabled && !variables.length && (
          <span className="jp-EnvManager-static">{trans.__('none')}</span>
        )}
      </div>
    </FormField>
  );
}

/** A text with one thing a line. */
export function LinesField(
  props: IKernelFieldProps & {
    field: 'modules' | 'arguments';
    label: string;
    hint: string;
  }
): JSX.Element {
  const { form, field, label, hint } = props;
  const id = React.useId();
  const text = form.draft[field];
  return (
    <FormField id={id} label={label} problems={[form.problemOf(field)]}>
      <textarea
        id={id}
        className="jp-EnvManager-input jp-EnvManager-lines"
        aria-describedby={`${id}-hint`}
        rows={Math.min(6, Math.max(2, text.split('\n').length))}
        spellCheck={false}
        autoCapitalize="off"
        disabled={!form.canEdit(field)}
        value={text}
        onChange={event => form.edit({ [field]: event.target.value })}
      />
      <div id={`${id}-hint`} className="jp-EnvManager-hint">
        {hint}
      </div>
    </FormField>
  );
}

/** Whether packages of `~/.local` are seen. */
export function UserSiteField({ form, trans }: IKernelFieldProps): JSX.Element {
  const id = React.useId();
  return (
    <FormField
      id={id}
      label={trans.__('Own packages')}
      problems={[form.problemOf('user_site')]}
    >
      <label className="jp-EnvManager-check">
        <input
          id={id}
          type="checkbox"
          disabled={!form.canEdit('user_site')}
          checked={form.draft.user_site}
          onChange={event => form.edit({ user_site: event.target.checked })}
        />
        {trans.__('Use packages of ~/.local')}
      </label>
      <div className="jp-EnvManager-hint">
        {trans.__(
          'What “pip install --user” has put there can break an environment; off is safe.'
        )}
      </div>
    </FormField>
  );
}
