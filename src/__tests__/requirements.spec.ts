import { nullTranslator } from '@jupyterlab/translation';

import { requirementProblem, splitRequirements } from '../requirements';

const trans = nullTranslator.load('test');

describe('requirements', () => {
  it.each([
    ['requests flask', ['requests', 'flask']],
    ['requests, flask', ['requests', 'flask']],
    ['requests>=2,<3 flask', ['requests>=2,<3', 'flask']],
    ['requests >= 2, < 3, flask', ['requests>=2,<3', 'flask']],
    ['flask[async, dotenv]>=3', ['flask[async,dotenv]>=3']],
    ['a,b', ['a', 'b']],
    ['x @ https://example.org/x.zip', ['x @ https://example.org/x.zip']],
    ['git+https://example.org/x.git@v1', ['git+https://example.org/x.git@v1']],
    ['x; python_version < "3.12"', ['x; python_version < "3.12"']],
    ['-e /home/me/project', ['-e /home/me/project']],
    ['!pip install requests flask==3', ['requests', 'flask==3']],
    ['python -m pip install x', ['x']],
    ['# mine\nrequests  # http\n\nflask\r\n', ['requests', 'flask']],
    ['git+https://e.org/x#egg=x', ['git+https://e.org/x#egg=x']],
    ['  ', []]
  ])('are split: %p', (text, expected) => {
    expect(splitRequirements(text)).toEqual(expected);
  });

  it.each([
    'requests',
    'requests>=2,<3',
    'flask[async]~=3.0',
    'zope.interface==5.*',
    'x; python_version < "3.12"',
    'x===1.0+local',
    'x @ https://example.org/x.zip',
    'git+https://example.org/x.git',
    '-e /home/me/project',
    '/home/me/x-1.0-py3-none-any.whl'
  ])('are right: %p', text => {
    expect(requirementProblem(text, trans)).toBe('');
  });

  it.each([
    ['numpy=1.26', '“==”'],
    ['--user', 'option'],
    ['numpy>=', 'not a package'],
    ['conda-forge::numpy', 'not a package'],
    ['?', 'not a package']
  ])('are wrong: %p', (text, reason) => {
    expect(requirementProblem(text, trans)).toContain(reason);
  });
});
