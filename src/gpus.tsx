import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuDevice, GpuReport } from './_models';
import { Note, ProgressBar } from './components';
import { formatBytes, joinParts } from './format';
import { Row, RowList } from './rows';

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
