import React from 'react';

import { requirementProblem, splitRequirements } from '../requirements';
import { requirementName } from '../specs';
import { FormField } from '../widgets/formfield';
import { type ICreateFormProps, invalid } from './formprops';
import { SpecInput } from './specinput';

/** The packages that come from PyPI, on top of those of the channels. */
export function PypiField(
  props: ICreateFormProps & { focus: boolean }
): JSX.Element {
  const { creation, focus, trans } = props;
  const id = 'jp-EnvManager-pypi';
  React.useEffect(() => {
    if (focus) {
      document.getElementById(id)?.focus();
    }
  }, [focus]);
  return (
    <FormField
      id={id}
      label={trans.__('From PyPI')}
      problems={[creation.problemOf('pypi')]}
    >
      <SpecInput
        id={id}
        specs={creation.values.pypi}
        invalid={invalid(creation, 'pypi')}
        faulty={creation.faultyRequirement}
        placeholder={trans.__('requests, flask[async]>=3, git+https://…')}
        split={splitRequirements}
        nameOf={requirementName}
        problemOf={requirementProblem}
        onChange={pypi => creation.edit({ pypi })}
        trans={trans}
      />
      <div className="jp-EnvManager-hint" id={`${id}-hint`}>
        {trans.__(
          'for what no channel has; packages of the channels keep their versions'
        )}
      </div>
    </FormField>
  );
}
