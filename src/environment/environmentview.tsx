import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Environment } from '../_models';
import { makeProblem } from '../api';
import { isActive, isTesting, lastPacking } from '../jobs/jobstate';
import { JobStrip } from '../jobs/jobstrip';
import { shortCount } from '../plan/installed';
import { gpuItem, installItem } from '../plan/pending';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { Note, Placeholder, TextButton } from '../widgets/components';
import { Tabs } from '../widgets/tabs';
import { Pending } from './changefoot';
import { EnvironmentHead } from './environmenthead';
import type { EnvironmentPage } from './environmentpage';
import type { EnvironmentVerbs } from './environmentverbs';
import { GpuTab } from './gputab';
import { HealthNote } from './healthnote';
import { HistoryView } from './historyview';
import { KernelsTab } from './kernelstab';
import { PackagesView } from './packagesview';
import { targetTitle } from './remedyitems';
import { RestartNote } from './restartnote';
import { ShareTab } from './sharetab';
import { VariablesBlock } from './variablesblock';

/** The tabs of the page. */
export type PageTab = 'packages' | 'kernels' | 'history' | 'gpu' | 'share';

/** What the view of an environment needs. */
export interface IEnvironmentViewProps {
  /** The page that it fills. */
  page: EnvironmentPage;
  /** What can be done. */
  verbs: EnvironmentVerbs;
  /** The state of the environment manager. */
  model: IEnvManagerModel;
  /** The commands it offers. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

type Props = IEnvironmentViewProps & { environment: Environment };

/** The whole page: which environment, one tab of it, and the foot with what is to change. */
export function EnvironmentView(props: IEnvironmentViewProps): JSX.Element {
  const { page, model, trans } = props;
  const { environment } = page;
  if (!environment) {
    return <NoEnvironment {...props} />;
  }
  const all = { ...props, environment };
  const packages = page.contents.get('packages').data?.packages;
  const generations = page.contents.get('history').data?.generations.length;
  const kernels = model
    .get('kernels')
    .data?.kernels.filter(kernel => kernel.environment === environment.id);
  return (
    <>
      <Head {...all} />
      <Tabs<PageTab>
        label={trans.__('Parts of %1', environment.name)}
        tabs={[
          [
            'packages',
            trans.__('Packages'),
            packages ? shortCount(packages) : null
          ],
          ['kernels', trans.__('Kernels'), kernels?.length ?? null],
          ['history', trans.__('History'), generations ?? null],
          ['gpu', trans.__('GPU'), null],
          ['share', trans.__('Share & export'), null]
        ]}
        chosen={page.tab}
        onChoose={tab => (page.tab = tab)}
      >
        {page.tab === 'packages' && <PackagesTab {...all} />}
        {page.tab === 'kernels' && (
          <KernelsTab
            {...all}
            onInstall={name => page.alteration.add(installItem(name))}
          />
        )}
        {page.tab === 'history' && <HistoryTab {...all} />}
        {page.tab === 'gpu' && <GpuPart {...all} />}
        {page.tab === 'share' && <SharePart {...all} />}
      </Tabs>
      <Foot {...all} />
    </>
  );
}

/** In place of an environment: it is being looked for, or it is gone. */
function NoEnvironment(props: IEnvironmentViewProps): JSX.Element {
  const { page, model, trans } = props;
  const resource = model.get('environments');
  const gone = makeProblem(
    'not_found',
    trans.__('This environment is not there any more.'),
    trans.__('It was removed, or its folder was moved.')
  );
  return (
    <div className="jp-EnvManager-scroll">
      <Placeholder
        resource={resource}
        onRetry={() => void model.refresh()}
        trans={trans}
        loading={trans.__('Looking for the environment…')}
      />
      {resource.data && !resource.problem && (
        <Note problem={gone}>
          <TextButton onClick={() => page.parent?.close()}>
            {trans.__('Close')}
          </TextButton>
        </Note>
      )}
    </div>
  );
}

function Head(props: Props): JSX.Element {
  const { environment, page, verbs, commands, trans } = props;
  const { id, state, problem, unchangeable } = environment;
  return (
    <>
      <EnvironmentHead
        environment={environment}
        onNotebook={() =>
          void commands.execute(CommandIDs.openNotebook, { environment: id })
        }
        onTerminal={
          commands.isVisible(CommandIDs.openTerminal, { environment: id })
            ? () =>
                void commands.execute(CommandIDs.openTerminal, {
                  environment: id
                })
            : null
        }
        onCopy={() => verbs.copyPath()}
        onGpu={() => (page.tab = 'gpu')}
        onMenu={anchor => verbs.environmentMenu(anchor)}
        trans={trans}
      />
      {problem && <Note problem={problem} trans={trans} />}
      {unchangeable && (
        <Note
          kind="info"
          problem={makeProblem('unchangeable', unchangeable, '')}
        >
          {[
            CommandIDs.clone,
            // What is broken is not copied as it is, but its packages can be had anew.
            ...(state === 'broken' ? [CommandIDs.saveAs] : []),
            CommandIDs.exportEnvironment
          ]
            .filter(command => commands.isEnabled(command, { environment: id }))
            .map(command => (
              <TextButton
                key={command}
                onClick={() =>
                  void commands.execute(command, { environment: id })
                }
              >
                {commands.label(command, { environment: id })}
              </TextButton>
            ))}
        </Note>
      )}
    </>
  );
}

function PackagesTab(props: Props): JSX.Element {
  const { page, verbs, trans } = props;
  const { contents, alteration, search } = page;
  const packages = contents.get('packages');
  const { changeable } = verbs;
  const damaged = (packages.data?.packages ?? [])
    .filter(entry => entry.damaged)
    .map(({ name }) => name);
  return (
    <>
      <HealthNote
        health={contents.get('health')}
        damaged={damaged}
        problems={packages.data?.problems ?? []}
        changeable={changeable}
        onCheck={() => void contents.check()}
        onRepair={names => verbs.repair(names)}
        onDismiss={() => contents.forgetHealth()}
        trans={trans}
      />
      <PackagesView
        packages={packages}
        updates={contents.get('updates')}
        search={search}
        pending={alteration.items}
        changeable={changeable}
        onAdd={item => alteration.add(item)}
        onChoose={hit => void verbs.chooseVersion(hit)}
        onMenu={(row, anchor, focus) => verbs.packageMenu(row, anchor, focus)}
        onMore={anchor => verbs.moreMenu(anchor)}
        onRetry={() => void contents.read('packages')}
        trans={trans}
      />
      <VariablesBlock
        variables={packages.data?.variables ?? []}
        trans={trans}
      />
    </>
  );
}

function HistoryTab(props: Props): JSX.Element {
  const { environment, page, verbs, trans } = props;
  const { contents, alteration } = page;
  return (
    <HistoryView
      resource={contents.get('history')}
      unchangeable={
        environment.job === null && alteration.busy === null
          ? environment.unchangeable
          : trans.__('A job works on this environment.')
      }
      onRetry={() => void contents.read('history')}
      onGo={generation => void alteration.rollback(generation)}
      onMenu={(generation, anchor) => verbs.generationMenu(generation, anchor)}
      trans={trans}
    />
  );
}

function GpuPart(props: Props): JSX.Element {
  const { environment, page, verbs, model, trans } = props;
  const { contents, alteration, proof } = page;
  const gpus = model.get('gpus');
  const wanted = alteration.items.find(({ wish }) => wish === 'gpu');
  const testing =
    model
      .get('jobs')
      .data?.jobs.some(
        job => job.environment === environment.id && isTesting(job)
      ) ?? false;
  return (
    <GpuTab
      environment={environment}
      resource={contents.get('gpu')}
      onRetry={() => void contents.read('gpu')}
      gpus={gpus}
      onGpus={() => void model.refresh('gpus')}
      wanted={wanted?.spec ?? null}
      changeable={verbs.changeable}
      onTarget={name => {
        if (name !== null) {
          const title = targetTitle(name, gpus.data?.targets ?? []);
          alteration.add(gpuItem(name, title));
        } else if (wanted) {
          alteration.drop(wanted);
        }
      }}
      coming={testing && !!gpus.data?.devices.length}
      proof={proof}
      trans={trans}
    />
  );
}

function SharePart(props: Props): JSX.Element {
  const { environment, page, verbs, model, commands, trans } = props;
  const { contents } = page;
  const job = lastPacking(model.get('jobs').data?.jobs ?? [], environment.id);
  return (
    <ShareTab
      environment={environment}
      sharing={contents.get('sharing')}
      onCheck={() => void contents.read('sharing')}
      onRepair={() => void contents.repairSharing()}
      job={job ?? null}
      speed={job ? model.speed(job.id) : null}
      onPack={request => verbs.pack(request)}
      onBrowse={verbs.chooseFolder}
      commands={commands}
      trans={trans}
    />
  );
}

function Foot(props: Props): JSX.Element | null {
  const { environment, page, model, commands, trans } = props;
  const { alteration, stale, log } = page;
  // There it is shown where it was begun.
  const there = page.tab === 'share' && page.job?.action === 'pack';
  const job = there ? undefined : page.job;
  const { items, problem } = alteration;
  if (!items.length && !problem && !job && !stale.all.length) {
    return null;
  }
  const working = job !== undefined && isActive(job);
  return (
    <div className="jp-EnvManager-plan jp-EnvManager-foot">
      {job && (
        <JobStrip
          job={job}
          events={log.events}
          speed={model.speed(job.id)}
          onCancel={() =>
            void commands.execute(CommandIDs.cancelJob, { job: job.id })
          }
          onDismiss={() => alteration.show(null)}
          commands={commands}
          trans={trans}
        />
      )}
      <RestartNote
        kernels={stale.all}
        onRestart={(...ids) => void stale.restart(...ids)}
        onDismiss={() => stale.dismiss()}
        trans={trans}
      />
      <Pending
        alteration={alteration}
        working={working}
        onPreview={() => void alteration.preview()}
        onApply={() => void alteration.apply()}
        onRemedy={remedy =>
          void alteration.remedy(remedy, model.get('gpus').data?.targets ?? [])
        }
        environment={environment.id}
        commands={commands}
        trans={trans}
      />
    </div>
  );
}
