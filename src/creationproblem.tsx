import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Problem } from './_models';
import { Note, TextButton } from './components';
import type { Creation } from './creation';

/** A problem of a creation that is not about one field, with the ways out of it. */
export function CreationProblem(props: {
  creation: Creation;
  problem: Problem;
  onAccept: () => void;
  onPreview: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { creation, problem, onAccept, onPreview, trans } = props;
  return (
    <Note problem={problem} trans={trans}>
      {creation.canAccept ? (
        <TextButton onClick={onAccept}>
          {trans.__('Allow this and preview again')}
        </TextButton>
      ) : (
        creation.outdated && (
          <TextButton onClick={onPreview}>
            {trans.__('Preview again')}
          </TextButton>
        )
      )}
    </Note>
  );
}
