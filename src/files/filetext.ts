import type { TranslationBundle } from '@jupyterlab/translation';

import { EnvManagerError, makeProblem } from '../api';

/** A file to start from, as it was read or typed. */
export interface IFormFile {
  /** Its text. */
  text: string;
  /** Its name; empty for a text that was typed. */
  filename: string;
  /** Whether the user has changed the text by hand. */
  edited?: boolean;
}

/** The server reads no more either. */
const MOST_BYTES = 10_000_000;

const ARCHIVE = /\.(?:tar\.(?:gz|zst|bz2|xz)|tgz|zip)$/i;

/** Names of files that are no text, whatever is in them. */
const NO_TEXT =
  /\.(?:tar|gz|bz2|xz|zst|7z|rar|conda|whl|jar|png|jpe?g|gif|webp|bmp|tiff?|ico|heic|pdf|mp[34])$/i;

/** Names that files have which say what an environment is made of. */
const SPECS = [
  /^pixi\.lock$|^pyproject\.toml$|conda-lock.*\.ya?ml$/,
  // `myenv_3.yml` and `environment.gpu.yml`, not `envoy.yaml`
  /(?:environments?|envs?)(?![a-z]).*\.ya?ml$/,
  /(?:^|[-_.])conda(?:[-_.\d].*)?\.ya?ml$/,
  /(?:^|[-_.])requirements(?:[-_.].*)?\.(?:txt|in)$/,
  /(?:^|[-_.])(?:explicit|spec-?(?:file|list)|conda)(?:[-_.\d].*)?\.txt$/,
  /[-_.](?:linux|osx|win)-(?:32|64|aarch64|arm64|ppc64le)\.(?:txt|lock)$/
];

/** Whether a file's name is that of an archive. */
export function isArchive(name: string): boolean {
  return ARCHIVE.test(name);
}

/** Whether a file's name is that of one which says what an environment is made of. */
export function looksLikeSpecs(name: string): boolean {
  return SPECS.some(pattern => pattern.test(name.toLowerCase()));
}

/** Refuse a file that is too large, before it is read. */
export function checkSize(
  bytes: number,
  name: string,
  trans: TranslationBundle
): void {
  if (bytes > MOST_BYTES) {
    throw refusal(
      trans.__('“%1” is larger than 10 MB.', name),
      trans.__('A file that names packages is far smaller.')
    );
  }
}

/** The text of a file: UTF-8, UTF-16 with its mark, else Latin-1. */
export function decodeFile(
  bytes: Uint8Array,
  name: string,
  trans: TranslationBundle
): string {
  checkSize(bytes.length, name, trans);
  const mark = bytes[0] * 256 + bytes[1];
  if (mark === 0xfffe || mark === 0xfeff) {
    return new TextDecoder(mark === 0xfffe ? 'utf-16le' : 'utf-16be').decode(
      bytes
    );
  }
  if (isArchive(name) || NO_TEXT.test(name) || bytes.includes(0)) {
    throw refusal(
      trans.__('“%1” is not a text.', name),
      isArchive(name)
        ? trans.__(
            'An archive is read where the server is: put it into the workspace, then start from “Archive”.'
          )
        : trans.__(
            'Choose a file that names packages, such as environment.yml.'
          )
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

function refusal(message: string, hint: string): EnvManagerError {
  return new EnvManagerError(makeProblem('invalid', message, hint, 'file'), 0);
}
