import type { TranslationBundle } from '@jupyterlab/translation';

const TYPED = /^cuda=([^,]*)(?:,arch=(.*))?$/;
const VERSION = /^\d{1,2}\.\d{1,2}$/;
/** A version without what comes after its point. */
const HALF = /^\d{1,2}\.?$/;
/** What may still become a version. */
const BEGINNING = /^\d{0,2}(\.\d{0,2})?$/;

/** A GPU target that is described instead of chosen: `cuda=12.8`, `cuda=12.8,arch=9.0`. */
export interface ITypedTarget {
  /** The newest CUDA version that the driver there can run. */
  cuda: string;
  /** The lowest compute capability of the devices there; empty for any. */
  arch: string;
}

/** Read the name of a target; null when it is one to choose. */
export function parseTyped(gpu: string | null): ITypedTarget | null {
  const match = TYPED.exec(gpu ?? '');
  return match && { cuda: match[1], arch: match[2] ?? '' };
}

/** The name of a target that is described; a comma may be what the user writes for a point. */
export function typedName({ cuda, arch }: ITypedTarget): string {
  const plain = (text: string) => text.trim().replace(/,/g, '.');
  return `cuda=${plain(cuda)}${arch.trim() && `,arch=${plain(arch)}`}`;
}

/** What keeps a target from being one; empty when nothing does, as far as can be told here. */
export function gpuProblem(
  gpu: string | null,
  trans: TranslationBundle
): string {
  const { cuda, arch } = parseTyped(gpu) ?? { cuda: '', arch: '' };
  switch (faultyPart(gpu)) {
    case 'cuda':
      return !cuda
        ? trans.__(
            'Give the CUDA version of the other machine, such as 12.8: “nvidia-smi” shows it there, at the top.'
          )
        : HALF.test(cuda)
          ? trans.__(
              '“%1” lacks what comes after the point: give the CUDA version in full, such as 12.8.',
              cuda
            )
          : trans.__(
              '“%1” is no CUDA version: these are two numbers with a point between them, such as 12.8.',
              cuda
            );
    case 'arch':
      return HALF.test(arch)
        ? trans.__(
            '“%1” lacks what comes after the point: give the compute capability in full, such as 9.0.',
            arch
          )
        : trans.__(
            '“%1” is no compute capability: these are two numbers with a point between them, such as 9.0. Leave it empty when you do not know it.',
            arch
          );
    default:
      return '';
  }
}

/** Which part of the description is wrong; null where neither is by itself. */
export function faultyPart(gpu: string | null): keyof ITypedTarget | null {
  const typed = parseTyped(gpu);
  if (typed && !VERSION.test(typed.cuda)) {
    return 'cuda';
  }
  return typed?.arch && !VERSION.test(typed.arch) ? 'arch' : null;
}

/** What is wrong with a target in any case; nothing about what may only be unfinished. */
export function gpuProblemSoFar(
  gpu: string | null,
  trans: TranslationBundle
): string {
  const typed = parseTyped(gpu);
  return typed && BEGINNING.test(typed.cuda) && BEGINNING.test(typed.arch)
    ? ''
    : gpuProblem(gpu, trans);
}
