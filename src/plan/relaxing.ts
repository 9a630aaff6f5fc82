import type { FileContent, Plan, Problem, Relaxation } from '../_models';

/** The specs of a file that cannot be met, as a problem has them. */
export function relaxationsOf({ details }: Problem): Relaxation[] {
  const relaxations: unknown = details['relaxations'];
  return Array.isArray(relaxations) ? relaxations : [];
}

/** Whether something could stand for what cannot be met. */
export function canRelax(problem: Problem | null): boolean {
  return (
    problem !== null &&
    relaxationsOf(problem).some(({ choices }) => choices.length > 0)
  );
}

/** The mildest choice for each spec that has one. */
export function mildest(
  relaxations: readonly Relaxation[]
): Record<string, string> {
  return Object.fromEntries(
    relaxations.flatMap(({ spec, choices }) =>
      choices.length ? [[spec, choices[0].spec]] : []
    )
  );
}

/** What is relaxed of a file as it is now. */
export function relevant(
  relaxed: Record<string, string>,
  { specs, pypi }: FileContent
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(relaxed).filter(
      ([spec]) => specs.includes(spec) || pypi.includes(spec)
    )
  );
}

/** The warnings of a plan but those that say what is relaxed: the list of that says it, too. */
export function withoutRelaxed({ warnings }: Plan): Problem[] {
  return warnings.filter(({ code }) => code !== 'relaxed');
}

/** What is relaxed without some of the specs. */
export function without(
  relaxed: Readonly<Record<string, string>>,
  specs: readonly string[]
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(relaxed).filter(([spec]) => !specs.includes(spec))
  );
}
