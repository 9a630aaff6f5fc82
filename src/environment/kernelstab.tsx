import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Environment, KernelOffers, KernelProposal } from '../_models';
import { makeProblem } from '../api';
import { KernelList } from '../kernels/kernels';
import { kernelVerbs } from '../kernels/kernelverbs';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { Note, Placeholder, TextButton } from '../widgets/components';

/** What the tab needs. */
export interface IKernelsTabProps {
  /** The environment. */
  environment: Environment;
  /** The state of the environment manager. */
  model: IEnvManagerModel;
  /** The commands it offers. */
  commands: CommandRegistry;
  /** Asks for a package to be installed. */
  onInstall: (name: string) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The kernels of an environment, and what else could be one. */
export function KernelsTab(props: IKernelsTabProps): JSX.Element {
  const { environment, model, commands, onInstall, trans } = props;
  const { id, state, job, name } = environment;
  const resource = model.get('kernels');
  const kernels = (resource.data?.kernels ?? []).filter(
    kernel => kernel.environment === id
  );
  const offers = useOffers(environment, model);
  const verbs = React.useMemo(
    () => kernelVerbs(model, commands, trans),
    [model, commands, trans]
  );
  const busy = state !== 'ready' || job !== null;
  const register = (options: boolean) =>
    void commands.execute(CommandIDs.registerKernel, {
      environment: id,
      options
    });
  return (
    <div className="jp-EnvManager-scroll jp-EnvManager-kernelsView">
      <Placeholder
        resource={resource}
        onRetry={() => void model.refresh('kernels')}
        trans={trans}
        loading={trans.__('Looking for kernels…')}
      />
      {resource.data && (
        <div className="jp-EnvManager-kernelsHead">
          <span className="jp-EnvManager-hint">
            {kernels.length
              ? trans.__('These appear in launcher and kernel pickers.')
              : trans.__('No kernel runs in this environment.')}
          </span>
          {!kernels.length && (
            <TextButton primary disabled={busy} onClick={() => register(false)}>
              {trans.__('Register kernel')}
            </TextButton>
          )}
          <TextButton disabled={busy} onClick={() => register(true)}>
            {trans.__('Add kernel…')}
          </TextButton>
        </div>
      )}
      <KernelList
        kernels={kernels}
        environmentName={() => name}
        logo={kernel => model.kernelLogo(kernel)}
        isChecking={kernel => model.isChecking(kernel)}
        verbs={verbs}
        trans={trans}
      />
      {(offers?.proposals ?? []).map(proposal => (
        <Proposal
          key={proposal.package}
          proposal={proposal}
          // What cannot be changed can be told all the same.
          onInstall={environment.unchangeable ? null : onInstall}
          trans={trans}
        />
      ))}
    </div>
  );
}

function Proposal(props: {
  proposal: KernelProposal;
  onInstall: ((name: string) => void) | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { proposal, onInstall, trans } = props;
  const { language, package: name } = proposal;
  const problem = makeProblem(
    'proposal',
    trans.__('%1 is installed, but nothing that makes it a kernel.', language),
    trans.__('The package %1 does.', name)
  );
  return (
    <Note kind="info" problem={problem}>
      {onInstall && (
        <TextButton onClick={() => onInstall(name)}>
          {trans.__('Install %1…', name)}
        </TextButton>
      )}
    </Note>
  );
}

/** What can be a kernel in an environment; read again when the environment has changed. */
function useOffers(
  { id, modified, job }: Environment,
  model: IEnvManagerModel
): KernelOffers | null {
  const [offers, setOffers] = React.useState<KernelOffers | null>(null);
  React.useEffect(() => {
    let current = true;
    model
      .inside(id)
      .kernelOffers()
      .then(
        answer => current && setOffers(answer),
        // Proposals only help: whatever fails here is told where it matters.
        reason => console.warn(reason)
      );
    return () => {
      current = false;
    };
  }, [id, modified, job]);
  return offers;
}
