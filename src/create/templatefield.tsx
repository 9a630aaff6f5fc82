import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { EnvironmentTemplate } from '../_models';
import { type ICard, Cards } from '../widgets/cards';
import { LinkButton, Note } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import { type ICreateFormProps, invalid } from './formprops';
import type { Start } from './formsource';
import { isUntouched } from './templates';

const START = 'jp-EnvManager-start';
const ID = 'jp-EnvManager-template';

/** What the environment starts from. */
export function StartField({ creation, trans }: ICreateFormProps): JSX.Element {
  const { start } = creation.values;
  return (
    <FormField id={START} group label={trans.__('Start from')}>
      <Cards
        id={START}
        labelledBy={`${START}-label`}
        cards={[
          {
            value: 'packages',
            title: trans.__('Packages'),
            detail: trans.__('pick what you need')
          },
          {
            value: 'template',
            title: trans.__('Template'),
            detail: trans.__('PyTorch, R, RAPIDS…')
          },
          {
            value: 'file',
            title: trans.__('File'),
            detail: trans.__('environment.yml, lock, requirements…')
          },
          {
            value: 'clone',
            title: trans.__('Clone'),
            detail: trans.__('of another environment')
          },
          {
            value: 'archive',
            title: trans.__('Archive'),
            detail: trans.__('a packed environment')
          }
        ]}
        value={start}
        onChange={value => creation.setStart(value as Start)}
      />
    </FormField>
  );
}

/** The templates there are, as they are for the GPU that is chosen. */
export function TemplateField({
  creation,
  trans
}: ICreateFormProps): JSX.Element {
  const { templates, values } = creation;
  const { list, problem, problems } = templates;
  const edited = values.template !== null && !isUntouched(values);
  return (
    <FormField
      id={ID}
      group
      label={trans.__('Template')}
      problems={[creation.problemOf('template')]}
    >
      <Cards
        id={ID}
        wide
        labelledBy={`${ID}-label`}
        cards={(list ?? []).map(template => card(template, trans))}
        value={values.template}
        invalid={invalid(creation, 'template')}
        onChange={name => {
          const chosen = list?.find(template => template.name === name);
          if (chosen) {
            creation.setTemplate(chosen);
          }
        }}
      />
      {!problem && !list?.length && (
        <div className="jp-EnvManager-static" role="status">
          {list ? trans.__('There are none.') : trans.__('Reading templates…')}
        </div>
      )}
      {problem && (
        <div className="jp-EnvManager-hint">
          <span>
            {trans.__('The templates could not be read: %1', problem.message)}
          </span>
          <LinkButton onClick={() => creation.readTemplates()}>
            {trans.__('Try again')}
          </LinkButton>
        </div>
      )}
      {list && list.length > 0 && (
        <div className="jp-EnvManager-hint" role="status">
          {edited
            ? trans.__('You have changed what it fills in: that stays as it is')
            : trans.__(
                'fills in what is below, for the GPU chosen above; change there what you like'
              )}
        </div>
      )}
      {problems.map((warning, index) => (
        <Note key={index} problem={warning} kind="warning" />
      ))}
    </FormField>
  );
}

function card(
  { name, title, description, note, origin }: EnvironmentTemplate,
  trans: TranslationBundle
): ICard {
  return {
    value: name,
    title,
    detail: description,
    note,
    mark: origin === 'site' ? trans.__('this site') : undefined
  };
}
