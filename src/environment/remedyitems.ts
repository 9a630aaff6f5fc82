import type { GpuRemedy, GpuTarget, Problem } from '../_models';
import {
  gpuItem,
  installItem,
  type IPendingItem,
  packageItem,
  placeOf,
  withItem
} from '../plan/pending';
import { remediesOf } from '../plan/remedies';

/**
 * What is asked for once a way out is taken.
 *
 * @param items - what is asked for now
 * @param remedy - the way out
 * @param targets - the GPU targets there are: one is shown by its title
 */
export function withRemedy(
  items: readonly IPendingItem[],
  remedy: GpuRemedy,
  targets: readonly GpuTarget[] = []
): IPendingItem[] {
  const wanted = [
    ...remedy.add.map(spec => installItem(spec)),
    ...remedy.pypi_add.map(spec => installItem(spec, true))
  ];
  if (remedy.gpu !== null) {
    wanted.push(gpuItem(remedy.gpu, targetTitle(remedy.gpu, targets)));
  }
  const unwanted = [
    ...remedy.remove.map(spec => installItem(spec)),
    ...remedy.pypi_remove.map(spec => installItem(spec, true))
  ];
  const released = remedy.unpin.map(name =>
    packageItem('unpin', { name, manager: 'conda' })
  );
  const isAsked = (item: IPendingItem) => {
    const wish = item.wish === 'unpin' ? 'pin' : 'install';
    return items.some(
      other => other.wish === wish && placeOf(other) === placeOf(item)
    );
  };
  // What was only asked for is asked for no more; what is installed, or pinned, has to change.
  const dropped = [...unwanted, ...released].filter(isAsked).map(placeOf);
  const changes = [
    ...unwanted
      .filter(item => !isAsked(item))
      .map(item => packageItem('remove', item)),
    ...released.filter(item => !isAsked(item)),
    ...wanted
  ];
  return changes.reduce(
    withItem,
    items.filter(item => !dropped.includes(placeOf(item)))
  );
}

/** A problem with the ways out that a change can take: it keeps the channels of its environment. */
export function forChange(problem: Problem): Problem {
  const remedies = remediesOf(problem).filter(
    ({ channels }) => channels === null
  );
  return { ...problem, details: { ...problem.details, remedies } };
}

/** How a target is called: by its title where it is known, else as it was typed. */
export function targetTitle(
  name: string,
  targets: readonly GpuTarget[]
): string {
  return targets.find(target => target.name === name)?.title ?? name;
}
