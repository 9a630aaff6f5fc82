import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment } from '../_models';

/** Why this user cannot remove an environment, and who can; empty where they can. */
export function removalHindrance(
  environment: Environment,
  trans: TranslationBundle
): string {
  const { protected: kept, protected_reason, writable } = environment;
  if (kept) {
    return protected_reason;
  }
  if (writable) {
    return '';
  }
  const { prefix, owner } = environment;
  return owner
    ? trans.__(
        'You may not change the folder %1. It belongs to %2: ask them to remove it.',
        prefix,
        owner
      )
    : trans.__('You may not change the folder %1.', prefix);
}
