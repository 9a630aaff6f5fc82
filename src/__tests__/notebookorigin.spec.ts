import type { Description } from '../_models';
import { formValues, freeName, readDescription } from '../notebook/origin';

const HFRL: Description = {
  name: 'hfrl',
  specs: ['python=3.11', 'pandas', 'numpy<2'],
  pypi: ['tiny-plot==1.1'],
  channels: ['conda-forge'],
  lock: 'abc',
  python: '3.11.4'
};

it('are read from the metadata as they were written', () => {
  expect(readDescription({ ...HFRL })).toEqual(HFRL);
});

it.each([
  undefined,
  null,
  'hfrl',
  ['pandas'],
  {},
  { name: 'x', specs: 'pandas' },
  { name: 'x', specs: [1, null, {}], pypi: [['a']] }
])('are not read from %j', value => {
  expect(readDescription(value as never)).toBeNull();
});

it('leave out what is of another type', () => {
  const value = { name: 7, specs: ['pandas', 8], channels: { a: 1 }, lock: [] };
  expect(readDescription(value as never)).toEqual({
    name: '',
    specs: ['pandas'],
    pypi: [],
    channels: [],
    lock: '',
    python: null
  });
});

it('fill the form, the Python in its own field', () => {
  expect(formValues(HFRL, [])).toEqual({
    name: 'hfrl',
    python: '3.11',
    specs: ['pandas', 'numpy<2'],
    pypi: ['tiny-plot==1.1'],
    channels: ['conda-forge']
  });
});

it('keep a Python that the field cannot say', () => {
  const description = { ...HFRL, specs: ['python>=3.10,<3.12', 'pandas'] };
  const values = formValues(description, []);
  expect(values.specs).toEqual(['python>=3.10,<3.12', 'pandas']);
});

it('ask for the series they had where Python was not asked for by version', () => {
  const values = formValues({ ...HFRL, specs: ['python', 'pandas'] }, []);
  expect(values).toMatchObject({ python: '3.11', specs: ['pandas'] });
});

it('ask for no Python where there was none', () => {
  const r = { ...HFRL, specs: ['r-base'], pypi: [], python: null };
  expect(formValues(r, [])).toMatchObject({ python: 'none' });
});

it('leave the channels to the configuration where none are told', () => {
  expect(formValues({ ...HFRL, channels: [] }, []).channels).toBeNull();
});

it.each([
  ['hfrl', [], 'hfrl'],
  ['hfrl', ['hfrl', 'hfrl-2'], 'hfrl-3'],
  ['My analysis (final)', [], 'My-analysis-final'],
  ['../../etc', [], 'etc'],
  ['Ärger', [], 'A-rger'],
  ['数据', [], '']
])('make a name of %j where %j are taken', (wanted, taken, name) => {
  expect(freeName(wanted, taken)).toBe(name);
});
