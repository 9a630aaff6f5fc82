import { nullTranslator } from '@jupyterlab/translation';

import { makeProblem } from '../api';
import { jobLine } from '../jobs/jobs';
import { printedOutput } from '../widgets/components';
import { makeJob } from './fakes';

const trans = nullTranslator.load('test');

it('names whom a job waits for', () => {
  const job = makeJob({ id: 'j3', state: 'queued', phase: null });
  const one = makeJob({ title: 'Create one' });
  const two = makeJob({ id: 'j2', title: 'Create two' });
  const line = (...jobs: ReturnType<typeof makeJob>[]) =>
    jobLine(job, trans, null, [job, ...jobs]);
  expect(line()).toBe('Waiting for its turn');
  expect(line(one)).toBe('Waiting for Create one');
  expect(line(one, two)).toBe(
    'Waiting for 2 other jobs: Create one, Create two'
  );
  const waiting = makeJob({ state: 'waiting', waiting_for: 'job x of ann' });
  expect(jobLine(waiting, trans, null, [one])).toBe('Waiting for job x of ann');
});

it('puts the figures before what may be cut', () => {
  const download = makeJob({
    message: 'pytorch',
    bytes_done: 1_000_000,
    bytes_total: 4_000_000
  });
  expect(jobLine(download, trans, { rate: 1e6, left: 3 })).toBe(
    'Downloading · 1 MB of 4 MB · 1 MB/s · about 3 s left · pytorch'
  );
  // What came last is still being unpacked.
  const whole = { ...download, bytes_done: 4_000_000, progress: 0.9 };
  expect(jobLine(whole, trans, { rate: 1e6, left: 0 })).toBe(
    'Unpacking · 90 % · pytorch'
  );
  const link = makeJob({ phase: 'link', progress: 0.456, message: 'numpy' });
  expect(jobLine(link, trans, null)).toBe('Linking · 46 % · numpy');
});

it('finds what a process printed', () => {
  const problem = makeProblem('kernel_failed', 'It did not start.', '');
  expect(printedOutput(problem)).toBe('');
  expect(
    printedOutput({ ...problem, details: { stderr: 'Traceback\n', log: 3 } })
  ).toBe('Traceback');
});
