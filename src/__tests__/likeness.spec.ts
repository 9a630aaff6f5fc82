import { nullTranslator } from '@jupyterlab/translation';

import type { Environment } from '../_models';
import { Alteration } from '../environment/alteration';
import { pendingLabel } from '../environment/pendingwords';
import type { EnvManagerModel } from '../model';
import {
  gpuItem,
  installItem,
  readItems,
  savedItems,
  toChange,
  withItem
} from '../plan/pending';
import { likeItem } from '../share/comparing';
import { type FakeServer, makeModel } from './fakes';

const PREVIEW = 'POST environments/e1/preview';
const STATS = likeItem({
  kind: 'environment',
  environment: { id: 'e2', name: 'stats' } as Environment
});
const FILE = likeItem({
  kind: 'file',
  file: { content: 'dependencies: [numpy=1.0=x]', filename: 'env.yml' }
});
const SOURCE = {
  type: 'file',
  format: '',
  content: 'dependencies: [numpy=1.0=x]',
  filename: 'env.yml'
};

describe('a source', () => {
  it('is what the server is asked for: another environment exactly, a file with what is there beside', () => {
    expect(toChange([STATS])).toEqual({
      source: { type: 'clone', environment: 'e2' },
      prune: true
    });
    expect(toChange([FILE])).toEqual({ source: SOURCE, prune: false });
  });

  it('takes the place of everything else, and lets nothing in beside it', () => {
    const items = withItem(
      [installItem('numpy'), gpuItem('cpu', 'CPU')],
      STATS
    );
    expect(items).toEqual([STATS]);
    expect(withItem(items, installItem('scipy'))).toEqual([STATS]);
    expect(withItem(items, gpuItem('cpu', 'CPU'))).toEqual([STATS]);
    expect(withItem(items, FILE)).toEqual([FILE]);
  });

  it('comes back after a reload, unless its file is too large for that', () => {
    const saved = JSON.parse(JSON.stringify(savedItems([STATS])));
    expect(readItems(saved)).toEqual([STATS]);
    const large = likeItem({
      kind: 'file',
      file: { content: 'x'.repeat(200_001) }
    });
    expect(savedItems([large])).toEqual([]);
    expect(savedItems([large], Infinity)).toHaveLength(1);
  });

  it.each([
    ['nothing', undefined],
    ['a source of a kind that is not known', { type: 'archive', path: 'x' }],
    ['a file without text', { type: 'file', format: '' }],
    ['a text', 'stats']
  ])('of a layout that has %s is left out', (_, source) => {
    expect(readItems([{ ...STATS, source }])).toEqual([]);
  });

  it('beside a plain wish of a layout is none of ours', () => {
    const item = { ...installItem('numpy'), source: STATS.source };
    expect(readItems([item])).toEqual([]);
  });

  it('says what it is', () => {
    const trans = nullTranslator.load('test');
    expect(pendingLabel(STATS, trans)).toBe('make it like stats');
    expect(pendingLabel(FILE, trans)).toBe('update from env.yml');
  });
});

describe('a change like a source', () => {
  let server: FakeServer;
  let model: EnvManagerModel;
  let alteration: Alteration;

  beforeEach(() => {
    ({ server, model } = makeModel());
    server.answers[PREVIEW] = [200, { id: 'p1', actions: [], warnings: [] }];
    alteration = new Alteration(model.inside('e1'));
  });

  afterEach(() => {
    alteration.dispose();
    model.dispose();
  });

  it('is outdated when something else is to happen with the rest', async () => {
    alteration.add(FILE);
    await alteration.preview();
    alteration.prune(true);
    expect(alteration.outdated).toBe(true);
    await alteration.preview();
    expect(server.bodies).toEqual([
      { source: SOURCE, prune: false },
      { source: SOURCE, prune: true }
    ]);
  });

  it('is dropped like any other wish, and then lets others in', () => {
    alteration.add(STATS);
    alteration.drop(STATS);
    alteration.add(installItem('numpy'));
    expect(alteration.like).toBeUndefined();
    expect(alteration.items).toHaveLength(1);
  });

  it('asks for less than its file at once', async () => {
    alteration.add(FILE);
    alteration.prune(true);
    await alteration.relax({ 'numpy=1.0=x': 'numpy=1.0' });
    expect(server.bodies).toEqual([
      {
        source: { ...SOURCE, relaxed: { 'numpy=1.0=x': 'numpy=1.0' } },
        prune: true
      }
    ]);
    expect(alteration.plan?.id).toBe('p1');
  });

  it('has nothing to relax in another environment', async () => {
    alteration.add(STATS);
    await alteration.relax({ numpy: 'numpy' });
    expect(server.requests).toEqual([]);
  });
});
