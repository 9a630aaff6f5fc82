import {
  inOrder,
  isActive,
  isTesting,
  jobKey,
  Speedometer
} from '../jobs/jobstate';
import { makeJob } from './fakes';

it('tells the speed of a download from the last seconds', () => {
  const speedometer = new Speedometer();
  const at = (bytes: number) =>
    makeJob({ bytes_done: bytes, bytes_total: 4_000_000 });
  speedometer.record([at(0)], 0);
  expect(speedometer.speed(at(0))).toBeNull();
  speedometer.record([at(1_000_000)], 1000);
  speedometer.record([at(2_000_000)], 2000);
  expect(speedometer.speed(at(2_000_000))).toEqual({ rate: 1e6, left: 2 });
});

it('forgets the speed when the download is over', () => {
  const speedometer = new Speedometer();
  speedometer.record([makeJob({ bytes_done: 0 })], 0);
  speedometer.record([makeJob({ bytes_done: 9 })], 1000);
  speedometer.record([makeJob({ phase: 'link' })], 2000);
  expect(speedometer.speed(makeJob())).toBeNull();
});

it('knows which jobs somebody waits for', () => {
  expect(isActive(makeJob({ state: 'waiting' }))).toBe(true);
  expect(isActive(makeJob({ state: 'lost' }))).toBe(false);
  const done = makeJob({ state: 'succeeded', kernel: 'k', aftercare: true });
  expect(isTesting(done)).toBe(true);
  const check = {
    state: 'passed' as const,
    time: 1,
    seconds: 1,
    prefix: null,
    path: [],
    user_site: null,
    banner: '',
    output: '',
    problem: null
  };
  expect(isTesting({ ...done, check })).toBe(false);
  expect(jobKey(done)).not.toBe(jobKey({ ...done, check }));
});

it('lists the jobs at work, then those to come, then the past', () => {
  const jobs = [
    makeJob({ id: 'old', state: 'succeeded', created: 1, finished: 9 }),
    makeJob({ id: 'third', state: 'queued', created: 7 }),
    makeJob({ id: 'second', state: 'waiting', created: 6 }),
    makeJob({ id: 'new', state: 'failed', created: 2, finished: 20 }),
    makeJob({ id: 'first', state: 'running', created: 5 })
  ];
  expect(inOrder(jobs).map(({ id }) => id)).toEqual([
    'first',
    'second',
    'third',
    'new',
    'old'
  ]);
});
