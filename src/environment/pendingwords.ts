import type { TranslationBundle } from '@jupyterlab/translation';

import { baseName } from '../format';
import { parseTyped } from '../gpu/gputyped';
import { ALL, type IPendingItem, type Wish } from '../plan/pending';

/** The sign of what is asked for; words say the same. */
export function signOf(wish: Wish): string {
  const signs: Record<Wish, string> = {
    install: '+',
    update: '↑',
    remove: '−',
    repair: '↻',
    pin: '',
    unpin: '',
    requirements: '+',
    gpu: '',
    source: ''
  };
  return signs[wish];
}

/** What is asked for, beside the package's name. */
export function pendingWords(
  { wish, name, spec }: IPendingItem,
  trans: TranslationBundle
): string {
  const words: Record<Wish, string> = {
    install: `→ ${versionOf(spec, name)}`,
    update: trans.__('to be updated'),
    remove: trans.__('to be removed'),
    repair: trans.__('to be repaired'),
    pin: trans.__('to be pinned'),
    unpin: trans.__('to be unpinned'),
    requirements: '',
    gpu: '',
    source: ''
  };
  return words[wish];
}

/** What is asked for, standing alone. */
export function pendingLabel(
  { wish, manager, name, spec, source }: IPendingItem,
  trans: TranslationBundle
): string {
  const labels: Record<Wish, string> = {
    install:
      manager === 'pypi'
        ? trans.__('install %1 from PyPI', spec)
        : trans.__('install %1', spec),
    update: name === ALL ? trans.__('update all') : trans.__('update %1', name),
    remove: trans.__('remove %1', name),
    repair: trans.__('repair %1', name),
    pin: trans.__('pin %1', spec),
    unpin: trans.__('unpin %1', name),
    requirements: trans.__('install %1 from PyPI', baseName(spec)),
    gpu: trans.__('make it for %1', targetWords(name, spec, trans)),
    source:
      source?.type === 'clone'
        ? trans.__('make it like %1', name)
        : trans.__('update from %1', name)
  };
  return labels[wish];
}

/** A target within a sentence. */
function targetWords(
  title: string,
  target: string,
  trans: TranslationBundle
): string {
  const typed = parseTyped(target);
  if (typed) {
    return typed.arch
      ? trans.__('CUDA %1 and compute capability %2', typed.cuda, typed.arch)
      : trans.__('CUDA %1', typed.cuda);
  }
  return target === 'machine'
    ? trans.__('this machine')
    : target === 'cpu'
      ? trans.__('CPU only')
      : `“${title}”`;
}

/** `1.26.4` of `numpy==1.26.4`, `1.26.4 py311_0` of `conda-forge::numpy=1.26.4=py311_0`. */
function versionOf(spec: string, name: string): string {
  const rest = spec.replace(/^.*::/, '').slice(name.length).trim();
  return rest.replace(/^==?/, '').replace('=', ' ') || spec;
}
