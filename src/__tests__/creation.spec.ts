import type { Creation } from '../create/creation';
import type { IFormValues } from '../create/formvalues';
import { makeCreation, PLAN } from './creations';
import { type FakeServer } from './fakes';

let server: FakeServer;
let creation: Creation;
let stop: () => void;

function start(values: Partial<IFormValues> = {}): void {
  ({ server, creation, stop } = makeCreation(values));
}

afterEach(() => stop());

describe('the request', () => {
  it('has Python first, the packages, and a kernel named after the environment', () => {
    start({ name: ' torch ', python: '3.12', specs: ['numpy<2'] });
    expect(creation.request()).toEqual({
      name: 'torch',
      source: { type: 'specs', specs: ['python=3.12', 'numpy<2'] },
      kernel: { display_name: 'torch' }
    });
  });

  it('leaves Python to the packages when they name it', () => {
    start({ name: 'x', python: '3.12', specs: ['python=3.11'] });
    expect(creation.request().source).toEqual({
      type: 'specs',
      specs: ['python=3.11']
    });
  });

  it('has a folder instead of a name, no kernel, own channels', () => {
    start({
      prefix: '/blue/me/x',
      python: 'none',
      specs: ['r-base'],
      kernel: false,
      channels: ['a']
    });
    expect(creation.request()).toEqual({
      prefix: '/blue/me/x',
      source: { type: 'specs', specs: ['r-base'] },
      kernel: null,
      channels: ['a']
    });
  });
});

describe('packages from PyPI', () => {
  const overwrites = {
    code: 'overwrites_conda',
    message: 'Installing x from PyPI would replace numpy.',
    field: 'pypi'
  };

  it('are part of the request, and what only PyPI understands goes there', () => {
    start({ name: 'x' });
    creation.setSpecs(['numpy', 'git+https://example.org/y.git']);
    creation.addPypi('flask>=3', 'flask>=3');
    expect(creation.request().source).toEqual({
      type: 'specs',
      specs: ['python', 'numpy'],
      pypi: ['git+https://example.org/y.git', 'flask>=3']
    });
  });

  it('have a field for what is wrong with them', async () => {
    start({ name: 'x', pypi: ['Flask_Thing[async]>=3', 'other'] });
    server.answers['POST environments/preview'] = [
      404,
      {
        code: 'not_found',
        message: 'No.',
        field: 'pypi',
        details: { package: 'flask-thing' }
      }
    ];
    await creation.preview();
    expect(creation.problem).toBeNull();
    expect(creation.problemOf('pypi')?.message).toBe('No.');
    expect(creation.faultyRequirement).toBe('Flask_Thing[async]>=3');
    creation.edit({ python: '3.12' });
    expect(creation.problemOf('pypi')).toBeNull();
  });

  it('replace conda packages only after a yes, which an edit takes back', async () => {
    start({ name: 'x', pypi: ['x'] });
    server.answers['POST environments/preview'] = [409, overwrites];
    await creation.preview();
    expect(creation.problem?.code).toBe('overwrites_conda');
    expect(creation.question).toBe('overwrites_conda');
    server.answers['POST environments/preview'] = [200, PLAN];
    await creation.accept();
    expect(creation.plan?.id).toBe('p1');
    await creation.create();
    expect(server.bodies.slice(1)).toMatchObject([
      { accept: ['overwrites_conda'] },
      { accept: ['overwrites_conda'], plan: 'p1' }
    ]);
    creation.edit({ pypi: ['x', 'y'] });
    expect(creation.request().accept).toBeUndefined();
  });

  it('whose files turn out to be conda’s lead back to the question', async () => {
    start({ name: 'x', pypi: ['x'] });
    await creation.preview();
    await creation.create();
    creation.editAgain({ hint: '', details: {}, ...overwrites });
    expect(creation.question).toBe('overwrites_conda');
    await creation.accept();
    expect(creation.request().accept).toEqual(['overwrites_conda']);
  });

  it('show the log of a build at full width', async () => {
    start({ name: 'x', pypi: ['x'] });
    server.answers['POST environments/preview'] = [
      400,
      { code: 'build_failed', message: 'No compiler.', field: 'pypi' }
    ];
    await creation.preview();
    expect(creation.problem?.message).toBe('No compiler.');
  });
});

describe('the preview', () => {
  it.each([
    [{}, 'name'],
    [{ prefix: 'relative' }, 'prefix'],
    [{ name: 'x', specs: ['--channel'] }, 'specs'],
    [{ name: 'x', python: 'none' }, 'specs'],
    [{ name: 'x', pypi: ['numpy=1'] }, 'pypi'],
    [{ name: 'x', channels: [] }, 'channels']
  ])(
    'of %p asks for a better %p without asking the server',
    async (values, field) => {
      start(values);
      await creation.preview();
      expect(creation.problemOf(field as 'name')).not.toBeNull();
      expect(creation.problem).toBeNull();
      expect(server.requests).toEqual([]);
    }
  );

  it('takes a folder below the home as it is typed', async () => {
    start({ prefix: '~/proj/env' });
    await creation.preview();
    expect(creation.problemOf('prefix')).toBeNull();
    expect(server.bodies).toMatchObject([{ prefix: '~/proj/env' }]);
  });

  it.each([
    ['pandsa', 'pandsa'],
    ['numpy<2,>=1', 'numpy <2,>=1'],
    ['numpy=1.99', 'numpy 1.99.*'],
    [null, 'other']
  ])('marks %p when the server names %p', async (chip, spec) => {
    start({ name: 'x', specs: ['scipy', ...(chip ? [chip] : [])] });
    server.answers['POST environments/preview'] = [
      404,
      { code: 'not_found', message: 'No.', field: 'specs', details: { spec } }
    ];
    await creation.preview();
    expect(creation.faultySpec).toBe(chip);
    creation.edit({ specs: ['scipy'] });
    expect(creation.faultySpec).toBeNull();
  });

  it('gives a plan, that an edit outdates', async () => {
    start({ name: 'x' });
    await creation.preview();
    expect(creation.plan?.id).toBe('p1');
    expect(creation.outdated).toBe(false);
    creation.edit({ specs: ['numpy'] });
    expect(creation.outdated).toBe(true);
    await creation.create();
    expect(server.count('POST environments')).toBe(0);
  });

  it('is outdated at once when the form changed while it was made', async () => {
    start({ name: 'x' });
    const preview = creation.preview();
    creation.edit({ name: 'y' });
    await preview;
    expect(creation.outdated).toBe(true);
  });

  it('shows a problem at its field until the field changes', async () => {
    start({ name: 'x' });
    server.answers['POST environments/preview'] = [
      409,
      { code: 'conflict', message: 'There is one.', field: 'name' }
    ];
    await creation.preview();
    expect(creation.problemOf('name')?.message).toBe('There is one.');
    creation.edit({ specs: ['numpy'] });
    expect(creation.problemOf('name')).not.toBeNull();
    creation.edit({ name: 'y' });
    expect(creation.problemOf('name')).toBeNull();
  });
});

describe('creating', () => {
  it('applies exactly the plan and turns to the job', async () => {
    start({ name: 'x' });
    await creation.preview();
    await creation.create();
    expect(server.bodies[server.bodies.length - 1]).toMatchObject({
      name: 'x',
      plan: 'p1'
    });
    expect(creation.job).toBe('j1');
    creation.editAgain();
    expect(creation.job).toBeNull();
    expect(creation.values.name).toBe('x');
    expect(creation.outdated).toBe(true);
  });

  it('asks for a new preview when the plan no longer fits', async () => {
    start({ name: 'x' });
    await creation.preview();
    server.answers['POST environments'] = [
      409,
      { code: 'conflict', message: 'Moved.' }
    ];
    await creation.create();
    expect(creation.problem?.message).toBe('Moved.');
    expect(creation.outdated).toBe(true);
    expect(creation.job).toBeNull();
  });
});
