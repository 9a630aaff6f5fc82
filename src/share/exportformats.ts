import type { TranslationBundle } from '@jupyterlab/translation';

import type { Export } from '../_models';

/** A format that an environment can be written in. */
export type ExportFormat = Export['format'];

/** A format in words. */
export interface IFormatWords {
  /** Its id. */
  readonly format: ExportFormat;
  /** What it is. */
  readonly label: string;
  /** When to take it. */
  readonly hint: string;
}

/** Formats for the same purpose. */
export interface IFormatGroup {
  /** The purpose. */
  readonly label: string;
  /** The formats, the most useful first. */
  readonly formats: readonly IFormatWords[];
}

/** All formats, by what they are for. */
export function formatGroups(trans: TranslationBundle): IFormatGroup[] {
  return [
    {
      label: trans.__('To share and to edit'),
      formats: [
        {
          format: 'environment.yml',
          label: trans.__('environment.yml – for conda, micromamba, pixi'),
          hint: trans.__(
            'Every package with its version and build: the same again on a machine of the same kind.'
          )
        },
        {
          format: 'no-builds',
          label: trans.__('environment.yml without builds'),
          hint: trans.__(
            'Every package with its version, in whatever build fits: for when the exact builds are gone or do not fit.'
          )
        },
        {
          format: 'from-history',
          label: trans.__('What was asked for only'),
          hint: trans.__(
            'The packages that were asked for, without what they brought along: short, and easy to edit.'
          )
        },
        {
          format: 'cross-platform',
          label: trans.__('For another platform'),
          hint: trans.__(
            'What was asked for, without what only this platform has: for macOS, Windows or another processor.'
          )
        }
      ]
    },
    {
      label: trans.__('To get exactly the same'),
      formats: [
        {
          format: 'explicit',
          label: trans.__('Exact list of packages (explicit)'),
          hint: trans.__(
            'The address of each conda package: conda and micromamba install them as they are listed.'
          )
        },
        {
          format: 'pixi.lock',
          label: trans.__('pixi.lock'),
          hint: trans.__(
            'The address and checksum of each package, those from PyPI too: for pixi.'
          )
        },
        {
          format: 'conda-lock',
          label: trans.__('conda-lock.yml'),
          hint: trans.__(
            'The address and checksum of each package, those from PyPI too: for conda-lock and micromamba.'
          )
        }
      ]
    },
    {
      label: trans.__('To use it elsewhere'),
      formats: [
        {
          format: 'requirements.txt',
          label: trans.__('requirements.txt'),
          hint: trans.__(
            'Only the Python packages, with their versions: for pip and uv.'
          )
        },
        {
          format: 'dockerfile',
          label: trans.__('Dockerfile'),
          hint: trans.__(
            'The recipe of a container with this environment: for Docker and Podman.'
          )
        },
        {
          format: 'apptainer',
          label: trans.__('Apptainer definition'),
          hint: trans.__(
            'The recipe of a container for clusters: for Apptainer and Singularity.'
          )
        },
        {
          format: 'job',
          label: trans.__('Job script'),
          hint: trans.__(
            'The beginning of a Slurm script that runs in this environment, where it is now.'
          )
        }
      ]
    }
  ];
}

/** A format in words. */
export function formatWords(
  format: ExportFormat,
  trans: TranslationBundle
): IFormatWords {
  return formatGroups(trans)
    .flatMap(({ formats }) => formats)
    .find(words => words.format === format)!;
}
