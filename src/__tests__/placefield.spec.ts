import type { FolderListing, Location } from '../_models';
import { EnvManagerError, makeProblem } from '../api';
import { nearestFolder, parentFolder, placeOf } from '../create/placefield';

/** A server with one folder; it answers the others with a status. */
function lister(exists: string, status = 404) {
  const asked: string[] = [];
  const list = async (path: string) => {
    asked.push(path);
    if (path !== exists) {
      throw new EnvManagerError(makeProblem('x', 'No.', ''), status);
    }
    return { path } as FolderListing;
  };
  return { asked, list };
}

it.each([
  ['/blue/me/x', '/blue/me'],
  ['/blue/me/x/', '/blue/me'],
  ['/blue', '/'],
  ['/', null],
  ['~/proj/env', '~/proj'],
  ['~/env', '~'],
  ['~', null],
  ['relative/x', null]
])('the folder of %p is %p', (path, parent) => {
  expect(parentFolder(path)).toBe(parent);
});

it('walks up to the nearest folder that exists', async () => {
  const { asked, list } = lister('/blue/me');
  expect((await nearestFolder('/blue/me/a/b/x', list))?.path).toBe('/blue/me');
  expect(asked).toEqual(['/blue/me/a/b', '/blue/me/a', '/blue/me']);
});

it('stays silent after a few levels, and at once where it may not look', async () => {
  const far = lister('/');
  expect(await nearestFolder('/a/b/c/d/e/f/g/h', far.list)).toBeNull();
  expect(far.asked).toHaveLength(5);
  const barred = lister('/', 403);
  expect(await nearestFolder('/a/b/c', barred.list)).toBeNull();
  expect(barred.asked).toHaveLength(1);
});

it.each([
  [null, null, '/home/ann'],
  ['/lab', null, '/lab'],
  [null, '/lab/x', '/lab'],
  [null, '/labs/x', undefined]
])(
  'of location %p and folder %p, the place is %p',
  (location, prefix, path) => {
    const place = { writable: true, default: false };
    const locations = [
      { ...place, path: '/home/ann', default: true },
      { ...place, path: '/lab' }
    ] as Location[];
    expect(placeOf({ location, prefix }, { locations })?.path).toBe(path);
  }
);
