import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type {
  Environment,
  EnvironmentGpu,
  GpuBuild,
  GpuReport,
  GpuTarget
} from '../_models';
import { joinParts } from '../format';
import { BuildBadge } from '../gpu/gpubadge';
import { GpuCheckView } from '../gpu/gpucheckview';
import type { GpuProof } from '../gpu/gpuproof';
import { TargetChooser } from '../gpu/targetchooser';
import type { IResource } from '../tokens';
import { Placeholder } from '../widgets/components';

/** What the tab needs. */
export interface IGpuTabProps {
  /** The environment. */
  environment: Environment;
  /** What it is for, what is installed for the GPU, what the last check has found. */
  resource: IResource<EnvironmentGpu>;
  /** Reads that again. */
  onRetry: () => void;
  /** The targets there are. */
  gpus: IResource<GpuReport>;
  /** Reads them. */
  onGpus: () => void;
  /** The target that was asked for and is to be applied; null for none. */
  wanted: string | null;
  /** Whether packages may be changed. */
  changeable: boolean;
  /** Asks for another target; null for the one there is. */
  onTarget: (target: string | null) => void;
  /** Whether a check comes by itself. */
  coming: boolean;
  /** Begins and ends checks. */
  proof: GpuProof;
  /** Translates. */
  trans: TranslationBundle;
}

/** An environment and the GPU: what it is for, what is installed, whether it works. */
export function GpuTab(props: IGpuTabProps): JSX.Element {
  const { environment, resource, onRetry, coming, proof, trans } = props;
  const { data } = resource;
  return (
    <div className="jp-EnvManager-scroll jp-EnvManager-gpuView">
      <Placeholder
        resource={resource}
        onRetry={onRetry}
        trans={trans}
        loading={trans.__('Looking at the packages…')}
      />
      {data && (
        <>
          <TargetChooser {...props} target={data.target} />
          <Builds builds={data.builds} target={data.target} trans={trans} />
          <GpuCheckView
            gpu={data}
            coming={coming}
            proof={proof}
            disabled={environment.state !== 'ready' || environment.job !== null}
            trans={trans}
          />
        </>
      )}
    </div>
  );
}

/** The packages that come with and without GPU, and which of the two they are. */
function Builds(props: {
  builds: GpuBuild[];
  target: GpuTarget;
  trans: TranslationBundle;
}): JSX.Element {
  const { builds, target, trans } = props;
  const title = trans.__('Packages that can use a GPU');
  return (
    <section className="jp-EnvManager-gpuSection" aria-label={title}>
      <h2 className="jp-EnvManager-gpuTitle">{title}</h2>
      {builds.length === 0 && (
        <p className="jp-EnvManager-hint">
          {trans.__(
            'None is installed. PyTorch, TensorFlow, JAX, CuPy and others would be listed here, with the CUDA version that they are built for.'
          )}
        </p>
      )}
      <ul className="jp-EnvManager-gpuBuilds">
        {builds.map(build => (
          <Build
            key={`${build.manager} ${build.name}`}
            build={build}
            target={target}
            trans={trans}
          />
        ))}
      </ul>
    </section>
  );
}

function Build(props: {
  build: GpuBuild;
  target: GpuTarget;
  trans: TranslationBundle;
}): JSX.Element {
  const { build, trans } = props;
  const { name, version, manager, driver, reason } = build;
  const needs = joinParts(
    manager === 'pypi' && 'PyPI',
    driver && trans.__('needs a driver for CUDA %1', driver),
    build.compute_capability &&
      trans.__('needs capability %1', build.compute_capability)
  );
  return (
    <li data-package={name}>
      <div className="jp-EnvManager-gpuLine">
        <b>{name}</b>
        <span title={build.build}>{version}</span>
        <BuildBadge {...props} />
        <span className="jp-EnvManager-gpuFacts">{needs}</span>
      </div>
      {reason && <div className="jp-EnvManager-hint">{reason}</div>}
    </li>
  );
}
