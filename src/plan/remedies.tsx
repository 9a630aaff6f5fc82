import React from 'react';

import type { GpuRemedy, Problem } from '../_models';
import { TextButton } from '../widgets/components';

/** The ways out that a problem comes with, best first. */
export function remediesOf({ details }: Problem): GpuRemedy[] {
  const remedies: unknown = details['remedies'];
  return Array.isArray(remedies) ? remedies : [];
}

/** The ways out of a problem, as buttons; the first is the one to take, unless nothing has to be done (`optional`). */
export function Remedies(props: {
  problem: Problem;
  optional?: boolean;
  onChoose: (remedy: GpuRemedy) => void;
}): JSX.Element {
  const { problem, optional, onChoose } = props;
  return (
    <>
      {remediesOf(problem).map((remedy, index) => (
        <TextButton
          key={remedy.title}
          primary={!optional && index === 0}
          onClick={() => onChoose(remedy)}
        >
          {remedy.title}
        </TextButton>
      ))}
    </>
  );
}
