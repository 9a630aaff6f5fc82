import { baseName } from '../format';

/**
 * The name that an archive is given when nobody says another: `stats-2026-01-31`, what its format adds left out.
 *
 * @param environment - the name of what is packed
 * @param last - the file that was written last; its name is taken
 */
export function packName(
  environment: string,
  last: string | null = null,
  today = new Date()
): string {
  const plain =
    environment
      .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'environment';
  const two = (number: number) => String(number).padStart(2, '0');
  const date = [
    today.getFullYear(),
    two(today.getMonth() + 1),
    two(today.getDate())
  ].join('-');
  const proposal = `${plain}-${date}`;
  const taken = withoutEnding(baseName(last ?? ''));
  return taken === proposal || taken.startsWith(`${proposal}-`)
    ? nextName(taken)
    : proposal;
}

/** The name after one that is taken: `stats-2026-01-31-1`, then `…-2`. */
export function nextName(name: string): string {
  const plain = withoutEnding(name);
  const numbered = /^(.*\d{4}-\d{2}-\d{2})-(\d+)$/.exec(plain);
  return numbered ? `${numbered[1]}-${Number(numbered[2]) + 1}` : `${plain}-1`;
}

/** The name of an archive, what its format adds left out. */
export function withoutEnding(name: string): string {
  return name.replace(/\.(?:tar\.(?:gz|zst)|zip)$/, '');
}
