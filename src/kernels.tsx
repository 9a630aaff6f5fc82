import type { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon, ellipsesIcon, runIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { GpuDevice, GpuReport, Kernel } from './_models';
import { classes, Dot, IconButton, Note, ProgressBar } from './components';
import { formatAgo, formatBytes, formatSeconds, joinParts } from './format';
import { Row, RowList } from './rows';

/** What can be done with a kernel. */
export interface IKernelVerbs {
  /** Open a notebook with it. */
  open: (kernel: Kernel) => void;
  /** Say why it did not start. */
  explain: (kernel: Kernel) => void;
  /** Start it once and see whether it answers. */
  check: (kernel: Kernel) => void;
  /** Remove it, after asking. */
  remove: (kernel: Kernel) => void;
  /** Show its menu below an element. */
  menu: (kernel: Kernel, anchor: HTMLElement) => void;
}

/** What the list of kernels needs. */
export interface IKernelListProps {
  /** The kernels. */
  kernels: Kernel[];
  /** The name of an environment. */
  environmentName: (id: string) => string | undefined;
  /** Whether a kernel is being tested now. */
  isChecking: (name: string) => boolean;
  /** What can be done. */
  verbs: IKernelVerbs;
  /** Translates. */
  trans: TranslationBundle;
}

/** Whether a kernel is ours to remove. */
export function isRemovable(kernel: Kernel): boolean {
  return kernel.writable && (kernel.stamped || kernel.orphan);
}

/** The kernels, each with its environment. */
export function KernelList({
  kernels,
  ...props
}: IKernelListProps): JSX.Element {
  return (
    <RowList label={props.trans.__('Kernels')}>
      {kernels.map(kernel => (
        <KernelRow key={kernel.name} kernel={kernel} {...props} />
      ))}
    </RowList>
  );
}

/** What a kernel's test start said, in one line. */
export function checkLine(
  kernel: Kernel,
  checking: boolean,
  trans: TranslationBundle
): string {
  const { check } = kernel;
  if (checking || check?.state === 'running' || check?.state === 'pending') {
    return trans.__('Test start under way…');
  }
  if (check?.state === 'failed') {
    return check.problem?.message.split('\n')[0] ?? trans.__('Did not start');
  }
  if (check?.state === 'passed') {
    return joinParts(
      check.seconds !== null &&
        trans.__('Answered in %1', formatSeconds(check.seconds)),
      check.time !== null && formatAgo(check.time, trans)
    );
  }
  return '';
}

function KernelRow(
  props: Omit<IKernelListProps, 'kernels'> & { kernel: Kernel }
): JSX.Element {
  const { kernel, verbs, trans } = props;
  const { display_name: name, orphan } = kernel;
  const checking = props.isChecking(kernel.name);
  const runsIn =
    kernel.environment && props.environmentName(kernel.environment);
  const check = checkLine(kernel, checking, trans);
  const failed = kernel.check?.state === 'failed' && !checking;
  // Most kernels are called like their environment: once is enough.
  const environment = runsIn === name && check ? '' : runsIn;
  const line = orphan
    ? joinParts(trans.__('environment gone'), kernel.orphan_reason)
    : joinParts(...(failed ? [check, environment] : [environment, check]));
  const dot = orphan || failed ? 'bad' : checking ? 'busy' : 'on';
  const state = orphan
    ? trans.__('Cannot start')
    : failed
      ? trans.__('Did not answer')
      : trans.__('Registered');
  return (
    <Row
      kind="kernel"
      id={kernel.name}
      label={joinParts(name, line)}
      onOpen={orphan || failed ? undefined : () => verbs.open(kernel)}
      onSelect={failed && !orphan ? () => verbs.explain(kernel) : undefined}
      onDelete={() => verbs.remove(kernel)}
    >
      <Dot kind={dot} label={state} />
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-rowHead">
          <span className="jp-EnvManager-rowName" title={kernel.path}>
            {name}
          </span>
          {orphan && isRemovable(kernel) ? (
            <IconButton
              icon={deleteIcon}
              label={trans.__('Remove kernel %1', name)}
              onClick={() => verbs.remove(kernel)}
            />
          ) : (
            !orphan && (
              <IconButton
                icon={runIcon}
                label={trans.__('Test start %1', name)}
                disabled={checking}
                onClick={() => verbs.check(kernel)}
              />
            )
          )}
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('Actions for kernel %1', name)}
            menu
            onClick={anchor => verbs.menu(kernel, anchor)}
          />
        </div>
        {line && (
          <div
            className={classes(
              'jp-EnvManager-rowDetail',
              orphan ? 'jp-mod-warning' : failed && 'jp-mod-error'
            )}
            title={line}
          >
            {line}
          </div>
        )}
      </div>
    </Row>
  );
}

/** What the list of GPUs needs. */
export interface IGpuListProps {
  /** What the driver says. */
  report: GpuReport;
  /** Translates. */
  trans: TranslationBundle;
}

/** The GPUs of the machine; having none is a normal answer. */
export function GpuList({ report, trans }: IGpuListProps): JSX.Element {
  const driver = joinParts(
    report.driver && trans.__('driver %1', report.driver),
    report.cuda && trans.__('CUDA %1', report.cuda)
  );
  return (
    <>
      {!report.available && (
        // Nothing else in this section takes the focus, and in a low one the text must be scrolled to.
        <div className="jp-EnvManager-empty" role="status" tabIndex={0}>
          {report.message || trans.__('No NVIDIA driver on this machine.')}
        </div>
      )}
      {report.problems.map((problem, index) => (
        <Note key={index} problem={problem} kind="warning" />
      ))}
      <RowList label={trans.__('GPUs')}>
        {report.devices.map(device => (
          <GpuRow
            key={device.index}
            device={device}
            driver={driver}
            trans={trans}
          />
        ))}
      </RowList>
    </>
  );
}

function GpuRow(props: {
  device: GpuDevice;
  driver: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { device, driver, trans } = props;
  const { memory_total: total, memory_used: used } = device;
  const memory =
    total !== null && used !== null
      ? trans.__('%1 of %2 used', formatBytes(used), formatBytes(total))
      : total !== null
        ? formatBytes(total)
        : '';
  const line = joinParts(
    device.compute_capability &&
      trans.__('capability %1', device.compute_capability),
    memory
  );
  return (
    <Row
      kind="gpu"
      id={String(device.index)}
      label={joinParts(device.name, driver, line)}
    >
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-rowName" title={device.uuid ?? undefined}>
          {device.name}
        </div>
        <div className="jp-EnvManager-rowDetail" title={driver}>
          {driver}
        </div>
        <div className="jp-EnvManager-rowDetail" title={line}>
          {line}
        </div>
        {total !== null && used !== null && total > 0 && (
          <ProgressBar
            value={used / total}
            label={trans.__('Memory of %1', device.name)}
          />
        )}
      </div>
    </Row>
  );
}
