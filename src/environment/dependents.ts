import type { Package } from '../_models';

type Node = Pick<Package, 'name' | 'requested' | 'needed_by'>;

function byName(packages: readonly Node[]): Map<string, Node> {
  return new Map(packages.map(node => [node.name.toLowerCase(), node]));
}

/**
 * How a package came to be here: for each requested package that leads to it the shortest path, from the requested
 * one down to the package itself, shortest first.
 *
 * A requested package needs no other reason: its path is itself alone, followed by those of others that need it.
 */
export function whyPaths(
  name: string,
  packages: readonly Node[],
  most = 20
): string[][] {
  const nodes = byName(packages);
  const start = nodes.get(name.toLowerCase());
  if (!start) {
    return [];
  }
  const paths: string[][] = [];
  const seen = new Set([start.name]);
  let level: string[][] = [[start.name]];
  while (level.length && paths.length < most) {
    const next: string[][] = [];
    for (const path of level) {
      const node = nodes.get(path[0].toLowerCase());
      if (node?.requested) {
        paths.push(path);
      }
      for (const parent of node?.needed_by ?? []) {
        if (!seen.has(parent)) {
          seen.add(parent);
          next.push([parent, ...path]);
        }
      }
    }
    level = next;
  }
  return paths.slice(0, most);
}

/** What needs a package: at once, and by way of others; each by name. */
export function dependents(
  name: string,
  packages: readonly Node[]
): { direct: string[]; indirect: string[] } {
  const nodes = byName(packages);
  const direct = nodes.get(name.toLowerCase())?.needed_by ?? [];
  const seen = new Set([name.toLowerCase(), ...direct.map(lower)]);
  const indirect: string[] = [];
  for (const next of [...direct]) {
    const queue = [next];
    while (queue.length) {
      for (const parent of nodes.get(lower(queue.shift()!))?.needed_by ?? []) {
        if (!seen.has(lower(parent))) {
          seen.add(lower(parent));
          indirect.push(parent);
          queue.push(parent);
        }
      }
    }
  }
  return { direct: [...direct].sort(), indirect: indirect.sort() };
}

function lower(name: string): string {
  return name.toLowerCase();
}
