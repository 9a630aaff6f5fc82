import { MimeModel } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { ProblemRenderer } from '../notebook/problemrenderer';
import { readProblem } from '../notebook/problemrendererview';
import { PROBLEM_TYPE } from '../notebook/problemtype';
import { makeModel, until } from './fakes';

const PROBLEM = {
  code: 'orphan',
  message: 'The environment of this kernel is gone.',
  hint: 'Choose another one.',
  prefix: '/x/hfrl',
  kernel: 'k1',
  remedy: 'remove',
  output: ''
};

it('takes only texts', () => {
  const given = { ...PROBLEM, hint: { html: '<b>' }, kernel: 5, more: 'x' };
  expect(readProblem(given)).toEqual({ ...PROBLEM, hint: '', kernel: '' });
});

it.each([undefined, null, 'text', 5, ['list']])('makes nothing of %p', data => {
  expect(Object.values(readProblem(data)).join('')).toBe('');
});

describe('the output', () => {
  const { model } = makeModel();
  let output: ProblemRenderer;

  const render = async (data: object) => {
    await output.renderModel(
      new MimeModel({ data: { [PROBLEM_TYPE]: data as never } })
    );
    await until(() => output.node.textContent !== '');
  };

  beforeEach(() => {
    output = new ProblemRenderer({
      model,
      commands: {} as never,
      tracker: null,
      dialogs: null,
      translator: nullTranslator,
      trans: nullTranslator.load('test')
    });
    Widget.attach(output, document.body);
  });

  afterEach(() => output.dispose());

  it('says what happened and what to do; outside a notebook there is no button', async () => {
    await render(PROBLEM);
    expect(output.node.textContent).toContain(PROBLEM.message);
    expect(output.node.textContent).toContain(PROBLEM.hint);
    expect(output.node.querySelector('button')).toBeNull();
  });

  it('has what the process printed', async () => {
    await render({ ...PROBLEM, output: 'Traceback: no.' });
    expect(output.node.querySelector('details')?.textContent).toContain(
      'Traceback: no.'
    );
  });

  it('shows markup as text', async () => {
    const message = '<img src=x onerror="alert(1)"><script>x</script>';
    await render({ ...PROBLEM, message });
    expect(output.node.textContent).toContain(message);
    expect(output.node.querySelector('img, script')).toBeNull();
  });

  it('is replaced when it is rendered again', async () => {
    await render(PROBLEM);
    await render({ ...PROBLEM, message: 'Another one.' });
    await until(() => output.node.textContent!.includes('Another one.'));
    expect(output.node.textContent).not.toContain(PROBLEM.message);
  });
});
