import type { TranslationBundle } from '@jupyterlab/translation';

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const COUNT_UNITS = ['', ' k', ' M', ' G'];

function scaled(
  value: number,
  units: string[],
  joint: string,
  step = 1000
): string {
  let unit = 0;
  let rest = Math.max(0, value);
  while (rest >= step - 0.5 && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1;
  return `${rest.toFixed(digits).replace(/\.0$/, '')}${joint}${units[unit]}`;
}

/** A size as a person reads it: `5.3 GB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, BYTE_UNITS, ' ');
}

/** Memory as those who make it count it, in steps of 1024: a GPU “with 80 GB” has 80 GB. */
export function formatMemory(bytes: number): string {
  return scaled(bytes, BYTE_UNITS, ' ', 1024);
}

/** A count as a person reads it: `1.8 M`. */
export function formatCount(count: number): string {
  return scaled(count, COUNT_UNITS, '');
}

/** A duration, short: `0.4 s`, `9 s`, `3 min`, `2 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.095) {
    return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  }
  if (seconds < 90) {
    return `${Math.round(seconds)} s`;
  }
  if (seconds < 5400) {
    return `${Math.round(seconds / 60)} min`;
  }
  return `${Math.round(seconds / 3600)} h`;
}

/** How long ago a time (in seconds since the epoch) was. */
export function formatAgo(
  time: number,
  trans: TranslationBundle,
  now = Date.now() / 1000
): string {
  const seconds = now - time;
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    const minutes = Math.round(seconds / 60);
    return trans._n('%1 minute ago', '%1 minutes ago', minutes);
  }
  if (seconds < 86400) {
    return trans._n('%1 hour ago', '%1 hours ago', Math.round(seconds / 3600));
  }
  return trans._n('%1 day ago', '%1 days ago', Math.round(seconds / 86400));
}

/** The parts that are not empty, joined as in `Python 3.11 · 142 packages`. */
export function joinParts(
  ...parts: (string | null | undefined | false)[]
): string {
  return parts.filter(Boolean).join(' · ');
}

/** The last component of a path. */
export function baseName(path: string): string {
  return path.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '') || path;
}

/** A path inside a folder. */
export function joinPath(folder: string, name: string): string {
  return `${folder.replace(/\/+$/, '')}/${name}`;
}

/** A day (in seconds since the epoch) as the user's language writes it. */
export function formatDate(time: number): string {
  return new Date(time * 1000).toLocaleDateString(undefined, {
    dateStyle: 'medium'
  });
}

/** A time (in seconds since the epoch) as the user's language writes it. */
export function formatTime(time: number): string {
  return new Date(time * 1000).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'medium'
  });
}
