import {
  hasInstallLine,
  missingInOutputs,
  missingModule
} from '../notebook/cellnotesparse';

describe('the missing module', () => {
  it.each([
    ['ModuleNotFoundError', "No module named 'cv2'", 'cv2'],
    ['ModuleNotFoundError', "No module named 'google.cloud'", 'google.cloud'],
    ['ImportError', 'No module named yaml', 'yaml'],
    ['ModuleNotFoundError', "No module named 'größe'", 'größe']
  ])('of %s: %s is %s', (ename, evalue, module) => {
    expect(missingModule(ename, evalue)).toBe(module);
  });

  it.each([
    ['ModuleNotFoundError', "No module named 'a.b'; 'a' is not a package"],
    ['ImportError', "cannot import name 'x' from 'y' (/y.py)"],
    ['NameError', "No module named 'cv2'"],
    ['ModuleNotFoundError', "No module named 'x --index-url http://y'"],
    ['ModuleNotFoundError', "No module named '<b>x</b>'"],
    ['ModuleNotFoundError', ''],
    ['undefined', 'undefined']
  ])('is none for %s: %s', (ename, evalue) => {
    expect(missingModule(ename, evalue)).toBeNull();
  });

  it('is the one of the last error of the outputs', () => {
    const error = (evalue: string) => ({
      output_type: 'error',
      ename: 'ModuleNotFoundError',
      evalue,
      traceback: []
    });
    const text = { output_type: 'stream', name: 'stdout', text: 'x' };
    expect(missingInOutputs([])).toBeNull();
    expect(missingInOutputs([text])).toBeNull();
    expect(
      missingInOutputs([
        error("No module named 'one'"),
        error("No module named 'two'"),
        text
      ])
    ).toBe('two');
  });
});

describe('an install line', () => {
  it.each([
    '!pip install x',
    '%pip install x',
    'import os\n  !pip3 install -q x',
    '!python -m pip install x',
    '!{sys.executable} -m pip install x',
    '%conda install -c conda-forge x',
    '!mamba install x',
    '!uv pip install x',
    '%%bash\nset -e\npip install x'
  ])('is in %j', source => {
    expect(hasInstallLine(source)).toBe(true);
  });

  it.each([
    '',
    'pip = 1\ninstall = 2',
    '# !pip install x',
    'print("!pip install x")',
    '!pip list',
    '%conda list',
    '!apt-get install x',
    '!pipenv install',
    'x = 1\npip install x'
  ])('is not in %j', source => {
    expect(hasInstallLine(source)).toBe(false);
  });

  it('is not looked for in a line that nobody has typed', () => {
    expect(hasInstallLine(`!${' pip'.repeat(1e5)} install`)).toBe(false);
  });
});
