import { nullTranslator } from '@jupyterlab/translation';

import type { EnvironmentTemplate } from '../_models';
import { Creation } from '../create/creation';
import { EMPTY_FORM, type IFormValues } from '../create/formvalues';
import { fillingOf, isUntouched, refilled } from '../create/templates';
import { type FakeServer, makeModel, until } from './fakes';

const trans = nullTranslator.load('test');

function template(
  specs: string[],
  change: Partial<EnvironmentTemplate> = {}
): EnvironmentTemplate {
  return {
    name: 'torch',
    title: 'PyTorch (GPU)',
    description: '',
    origin: 'built-in',
    specs,
    pypi: [],
    channels: null,
    gpu: true,
    note: '',
    lacks: '',
    ...change
  };
}

describe('a template', () => {
  it.each([
    [['python', 'numpy'], 'latest', ['numpy']],
    [['python=3.12', 'numpy'], '3.12', ['numpy']],
    [['python 3.12.*', 'numpy'], '3.12', ['numpy']],
    [['python>=3.10', 'numpy'], null, ['python>=3.10', 'numpy']],
    [['numpy'], null, ['numpy']],
    [['ipykernel'], null, ['ipykernel']],
    [['r-base', 'r-irkernel'], 'none', ['r-base', 'r-irkernel']]
  ])('of %p asks for Python %p', (specs, python, rest) => {
    expect(fillingOf(template(specs))).toMatchObject({ python, specs: rest });
  });

  it('makes room for another, and what the user has added stays', () => {
    const values: IFormValues = {
      ...EMPTY_FORM,
      filled: {
        python: '3.12',
        specs: ['a', 'b'],
        pypi: ['p'],
        channels: ['x']
      },
      python: '3.12',
      specs: ['a', 'b', 'mine'],
      pypi: ['p', 'mine'],
      channels: ['x']
    };
    const filling = {
      python: null,
      specs: ['c', 'b'],
      pypi: [],
      channels: null
    };
    expect(refilled(values, filling)).toEqual({
      filled: filling,
      python: 'latest',
      specs: ['c', 'b', 'mine'],
      pypi: ['mine'],
      channels: null
    });
    expect(refilled(values, null)).toMatchObject({ specs: ['mine'] });
  });

  it.each<[Partial<IFormValues>, boolean]>([
    [{ specs: ['a', 'mine'] }, true],
    [{ specs: ['a'], pypi: ['mine'] }, true],
    [{ specs: ['a=1'] }, false],
    [{ specs: ['a'], python: '3.11' }, false],
    [{ specs: ['a'], channels: ['y'] }, false]
  ])('with %p is untouched: %p', (change, untouched) => {
    const filled = { python: '3.12', specs: ['a'], pypi: [], channels: ['x'] };
    const before = { ...EMPTY_FORM, filled, python: '3.12', channels: ['x'] };
    expect(isUntouched({ ...before, ...change })).toBe(untouched);
  });
});

describe('the form that starts from a template', () => {
  let server: FakeServer;
  let creation: Creation;
  let stop: () => void;

  function start(values: Partial<IFormValues>, ...specs: string[]): void {
    const made = makeModel();
    server = made.server;
    answer(...specs);
    creation = new Creation(made.model, trans, values);
    stop = () => {
      creation.dispose();
      made.model.dispose();
    };
  }

  function answer(...specs: string[]): void {
    server.answers['GET templates'] = [
      200,
      { templates: [template(specs)], problems: [] }
    ];
  }

  afterEach(() => stop());

  it('reads none while it starts from packages', async () => {
    start({});
    creation.setGpu('cpu');
    expect(server.requests).toEqual([]);
    creation.setStart('template');
    await creation.templates.settled;
    expect(creation.templates.list).toHaveLength(1);
  });

  it('is filled as soon as a template that was named is there', async () => {
    start({ start: 'template', template: 'torch' }, 'python', 'pytorch-gpu');
    await until(() => creation.values.specs.length > 0);
    expect(creation.values.specs).toEqual(['pytorch-gpu']);
    expect(creation.values.python).toBe('latest');
  });

  it('follows the GPU target until the user has edited what is there', async () => {
    start({ start: 'template', template: 'torch' }, 'pytorch-gpu');
    await until(() => creation.values.specs.length > 0);
    creation.setSpecs(['pytorch-gpu', 'mine']);
    answer('pytorch');
    creation.setGpu('cpu');
    await until(() => creation.values.specs.includes('pytorch'));
    expect(creation.values.specs).toEqual(['pytorch', 'mine']);

    creation.setSpecs(['pytorch=2', 'mine']);
    answer('pytorch-gpu');
    creation.setGpu('h100');
    await creation.templates.settled;
    expect(creation.values.specs).toEqual(['pytorch=2', 'mine']);
  });

  it('is previewed with what the template is for the target', async () => {
    start({ name: 'x', start: 'template', template: 'torch' }, 'pytorch-gpu');
    server.answers['POST environments/preview'] = [
      200,
      { id: 'p', actions: [], warnings: [], gpu: null }
    ];
    await creation.preview();
    expect(server.bodies).toMatchObject([
      { source: { specs: ['python', 'pytorch-gpu'] } }
    ]);
    expect(creation.outdated).toBe(false);
  });

  it('is refused at its field where the target lacks what it needs', async () => {
    start({ name: 'x', start: 'template', template: 'torch' }, 'cudf');
    const unfit = template(['cudf'], { lacks: 'Needs an NVIDIA GPU.' });
    server.answers['GET templates'] = [
      200,
      { templates: [unfit], problems: [] }
    ];
    creation.setGpu('cpu');
    await creation.preview();
    expect(creation.problemOf('template')?.hint).toMatch(/^Needs an NVIDIA/);
    expect(server.bodies).toEqual([]);
    answer('cudf');
    creation.setGpu('h100');
    expect(creation.problemOf('template')).toBeNull();
  });

  it('goes back to packages without what the template has put in', async () => {
    start({ start: 'template', template: 'torch' }, 'pytorch-gpu');
    await until(() => creation.values.specs.length > 0);
    creation.setSpecs(['pytorch-gpu', 'mine']);
    creation.setStart('packages');
    expect(creation.values).toMatchObject({ template: null, specs: ['mine'] });
  });

  it('asks for a template where none is chosen', async () => {
    start({ name: 'x', start: 'template' });
    await creation.preview();
    expect(creation.problemOf('template')?.message).toMatch(/^Choose/);
    creation.setSpecs(['numpy']);
    expect(creation.problemOf('template')).toBeNull();
  });
});
