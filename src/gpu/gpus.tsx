import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuDevice, GpuInstance, GpuProcess, GpuReport } from '../_models';
import { baseName, formatMemory, joinParts } from '../format';
import { Note, ProgressBar } from '../widgets/components';
import { Row, RowList } from '../widgets/rows';

/** What the list of GPUs needs. */
export interface IGpuListProps {
  /** What the driver says. */
  report: GpuReport;
  /** Translates. */
  trans: TranslationBundle;
}

/** The GPUs of the machine; having none is a normal answer. */
export function GpuList({ report, trans }: IGpuListProps): JSX.Element {
  const { available, devices, problems } = report;
  const message =
    report.message || trans.__('No NVIDIA driver on this machine.');
  const said = problems.some(problem => problem.message === message);
  return (
    <>
      {!available && !said && (
        // Nothing else in this section takes the focus, and in a low one the text must be scrolled to.
        <div className="jp-EnvManager-empty" role="status" tabIndex={0}>
          {message}
        </div>
      )}
      <Driver report={report} trans={trans} />
      {problems.map((problem, index) => (
        <Note key={index} problem={problem} kind="warning" />
      ))}
      <RowList label={trans.__('GPUs')}>
        {devices.map(device => (
          <GpuRow
            key={device.uuid ?? device.index}
            device={device}
            numbered={devices.length > 1}
            trans={trans}
          />
        ))}
      </RowList>
    </>
  );
}

/** What all devices share. */
function Driver({ report, trans }: IGpuListProps): JSX.Element | null {
  const { driver, cuda, override, targets } = report;
  const line = joinParts(
    driver && trans.__('driver %1', driver),
    cuda && trans.__('CUDA %1', cuda)
  );
  const machine = targets.find(({ origin }) => origin === 'machine');
  if (!line && override === null) {
    return null;
  }
  return (
    <div className="jp-EnvManager-driver">
      {line && <div>{line}</div>}
      {override !== null && machine && (
        <div className="jp-EnvManager-override">
          {trans.__('New environments: %1', machine.detail)}
        </div>
      )}
    </div>
  );
}

function GpuRow(props: {
  device: GpuDevice;
  numbered: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { device, numbered, trans } = props;
  const { index, name, uuid, utilization, instances, processes } = device;
  const { memory_total: total, memory_used: used } = device;
  const capability =
    device.compute_capability &&
    trans.__('capability %1', device.compute_capability);
  const line = joinParts(
    memoryWords(used, total, trans),
    capability,
    device.mig && !instances.length && trans.__('split, without a part')
  );
  return (
    <Row
      kind="gpu"
      id={String(index)}
      // What changes all the time is read where it stands, not whenever it changes.
      label={joinParts(
        numbered ? trans.__('GPU %1: %2', String(index), name) : name,
        capability,
        total !== null && formatMemory(total)
      )}
    >
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-rowHead">
          {numbered && <span className="jp-EnvManager-gpuNumber">{index}</span>}
          <span className="jp-EnvManager-rowName" title={joinParts(name, uuid)}>
            {name}
          </span>
          {utilization !== null && (
            <span
              className="jp-EnvManager-gpuBusy"
              title={trans.__('How busy it is')}
            >
              {trans.__('%1 %', String(utilization))}
            </span>
          )}
        </div>
        <div className="jp-EnvManager-rowDetail" title={line}>
          {line}
        </div>
        <MemoryBar used={used} total={total} name={name} trans={trans} />
        {instances.length > 0 && (
          <ul
            className="jp-EnvManager-instances"
            aria-label={trans.__('Parts of %1', name)}
          >
            {instances.map((instance, place) => (
              <Instance
                key={instance.uuid ?? place}
                instance={instance}
                trans={trans}
              />
            ))}
          </ul>
        )}
        {processes !== null && processes.length > 0 && (
          <Processes processes={processes} trans={trans} />
        )}
      </div>
    </Row>
  );
}

/** A part of a device that was split. */
function Instance(props: {
  instance: GpuInstance;
  trans: TranslationBundle;
}): JSX.Element {
  const { instance, trans } = props;
  const { name, uuid, memory_total: total, memory_free: free } = instance;
  const used = total !== null && free !== null ? total - free : null;
  const words = memoryWords(used, total, trans);
  return (
    <li title={joinParts(name, words, uuid)}>
      <div className="jp-EnvManager-gpuPart">
        <span>{name}</span>
        <span>{words}</span>
      </div>
      <MemoryBar used={used} total={total} name={name} trans={trans} />
    </li>
  );
}

/** Who uses a device, the largest first. */
function Processes(props: {
  processes: GpuProcess[];
  trans: TranslationBundle;
}): JSX.Element {
  const { processes, trans } = props;
  const sorted = [...processes].sort(
    (one, two) => (two.memory ?? 0) - (one.memory ?? 0) || one.pid - two.pid
  );
  return (
    <details className="jp-EnvManager-processes">
      <summary>
        {trans._n('%1 process', '%1 processes', processes.length)}
      </summary>
      <ul>
        {sorted.map(({ pid, name, user, memory }) => (
          <li
            key={pid}
            className="jp-EnvManager-gpuPart"
            title={joinParts(name, trans.__('process %1', String(pid)))}
          >
            <span>
              {joinParts(
                user,
                name ? baseName(name) : trans.__('process %1', String(pid))
              )}
            </span>
            <span>{memory !== null && formatMemory(memory)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function MemoryBar(props: {
  used: number | null;
  total: number | null;
  name: string;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { used, total, name, trans } = props;
  return used !== null && total ? (
    <ProgressBar value={used / total} label={trans.__('Memory of %1', name)} />
  ) : null;
}

function memoryWords(
  used: number | null,
  total: number | null,
  trans: TranslationBundle
): string {
  if (total === null) {
    return '';
  }
  return used === null
    ? formatMemory(total)
    : trans.__('%1 of %2 used', formatMemory(used), formatMemory(total));
}
