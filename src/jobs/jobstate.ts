import type { Job } from '../_models';
import type { IJobSpeed } from '../tokens';

const ACTIVE: Job['state'][] = ['queued', 'waiting', 'running'];
const WINDOW = 6000;

/** Whether a job still has work to do that somebody waits for. */
export function isActive(job: Job): boolean {
  return ACTIVE.includes(job.state);
}

/** Whether a job leaves its environment where it is, so that the environment's page tells of it. */
export function isInside({ action }: Job): boolean {
  return action === 'change' || action === 'rollback' || action === 'pack';
}

/** The last job that packs, or has packed, an environment. */
export function lastPacking(
  jobs: readonly Job[],
  environment: string
): Job | undefined {
  return jobs
    .filter(job => job.action === 'pack' && job.environment === environment)
    .reduce<Job | undefined>(
      (last, job) => (last && last.created >= job.created ? last : job),
      undefined
    );
}

/** The jobs as a person reads them: those at work, those to come in the order of their turn, the past backwards. */
export function inOrder(jobs: Job[]): Job[] {
  const rank = ({ state }: Job): number =>
    state === 'running' ? 0 : ACTIVE.includes(state) ? 1 : 2;
  const end = (job: Job): number => job.finished ?? job.created;
  return [...jobs].sort(
    (one, other) =>
      rank(one) - rank(other) ||
      (isActive(one) ? one.created - other.created : end(other) - end(one))
  );
}

/** Whether a job that has succeeded still starts its kernel for a test. */
export function isTesting({ aftercare, check, kernel }: Job): boolean {
  return (
    aftercare &&
    kernel !== null &&
    (check?.state ?? 'pending') !== 'passed' &&
    check?.state !== 'failed'
  );
}

/** What of a job matters to environments and kernels; they are read again when it changes. */
export function jobKey(job: Job): string {
  return `${job.state} ${job.aftercare} ${job.check?.state ?? ''}`;
}

/** Download speeds, from what the server says over the last seconds. */
export class Speedometer {
  /** Take note of how far the jobs are. */
  record(jobs: Job[], now = Date.now()): void {
    for (const job of jobs) {
      if (job.state !== 'running' || job.phase !== 'download') {
        this._samples.delete(job.id);
        continue;
      }
      const samples = this._samples.get(job.id) ?? [];
      samples.push([now, job.bytes_done ?? 0]);
      while (samples.length > 2 && samples[0][0] < now - WINDOW) {
        samples.shift();
      }
      this._samples.set(job.id, samples);
    }
  }

  /** The speed of a job; null before two samples. */
  speed(job: Job): IJobSpeed | null {
    const samples = this._samples.get(job.id);
    if (!samples || samples.length < 2) {
      return null;
    }
    const [start, first] = samples[0];
    const [end, last] = samples[samples.length - 1];
    if (end - start < 300 || last <= first) {
      return null;
    }
    const rate = ((last - first) * 1000) / (end - start);
    const total = job.bytes_total;
    return { rate, left: total === null ? null : (total - last) / rate };
  }

  private _samples = new Map<string, [time: number, bytes: number][]>();
}
