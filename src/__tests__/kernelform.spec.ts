import { nullTranslator } from '@jupyterlab/translation';

import type { KernelSettings } from '../_models';
import { EnvManagerError, makeProblem } from '../api';
import { draftOf, inkOn, KernelForm, proposeLogo } from '../kernels/kernelform';

const trans = nullTranslator.load('test');

const SETTINGS: KernelSettings = {
  kernel: {
    name: 'torch',
    display_name: 'Torch',
    language: 'python',
    path: '/kernels/torch',
    environment: 'e1',
    prefix: '/envs/torch',
    stamped: true,
    writable: true,
    scope: 'me',
    orphan: false,
    orphan_reason: '',
    problems: [],
    check: null
  },
  editable: ['display_name', 'variables', 'logo'],
  template: '',
  variables: { OMP_NUM_THREADS: '4' },
  modules: ['cuda/12.4'],
  arguments: ['--debug'],
  user_site: false,
  logo: null,
  argv: [],
  script: '',
  version: '1-2-3'
};

function form(): KernelForm {
  return new KernelForm(draftOf(SETTINGS), SETTINGS.editable, trans);
}

it('sends only what has changed', () => {
  const edited = form();
  expect(edited.toEdit()).toEqual({});
  edited.edit({ display_name: ' Torch 2 ' });
  edited.edit({
    variables: [
      { name: 'A', value: 'b c' },
      { name: '', value: '' }
    ]
  });
  edited.edit({ modules: ' cuda/12.4 \n\nmpi\n' });
  expect(edited.toEdit()).toEqual({
    display_name: 'Torch 2',
    variables: { A: 'b c' },
    modules: ['cuda/12.4', 'mpi']
  });
});

it('takes a logo of letters, and gives up the one that is there only when asked', () => {
  const edited = form();
  edited.edit({ logo: 'initials', initials: 'T2', color: '#112233' });
  expect(edited.toEdit()).toEqual({
    logo: { type: 'initials', initials: 'T2', color: '#112233' }
  });
  edited.edit({ logo: 'shipped' });
  expect(edited.toEdit().logo).toEqual({ type: 'shipped' });
});

it('uploads a picture as base64', async () => {
  const edited = form();
  await edited.upload(new File(['abc'], 'a.png', { type: 'image/png' }));
  expect(edited.toEdit()).toEqual({
    logo: { type: 'upload', content: 'YWJj' }
  });
});

it.each([
  [new File(['%PDF'], 'a.pdf', { type: 'application/pdf' }), 'a.pdf'],
  [
    new File([new Uint8Array((1 << 20) + 1)], 'big.png', { type: 'image/png' }),
    'big.png'
  ],
  ...['<script>alert(1)</script>', '<g onload="x()"/>'].map(
    (inside, index): [File, string] => {
      const name = `${index}.svg`;
      const type = 'image/svg+xml';
      return [new File([`<svg>${inside}</svg>`], name, { type }), name];
    }
  )
])(
  'refuses what is no small picture, and keeps the rest',
  async (file, name) => {
    const edited = form();
    edited.edit({ display_name: 'Kept' });
    await edited.upload(file);
    expect(edited.problemOf('logo')?.message).toContain(name);
    expect(edited.draft).toMatchObject({ display_name: 'Kept', logo: 'keep' });
  }
);

it('gives up a picture that the browser cannot show', async () => {
  const edited = form();
  await edited.upload(new File(['abc'], 'a.png', { type: 'image/png' }));
  edited.refusePicture();
  expect(edited.problemOf('logo')?.message).toBe('This is not a picture.');
  expect(edited.draft.picture).toBe('');
});

it.each([
  [{ display_name: '  ' }, 'display_name'],
  [{ variables: [{ name: 'A-B', value: '' }] }, 'variables'],
  [{ variables: [{ name: '', value: 'x' }] }, 'variables'],
  [
    {
      variables: [
        { name: 'A', value: '1' },
        { name: 'A ', value: '2' }
      ]
    },
    'variables'
  ],
  [{ logo: 'upload' as const }, 'logo'],
  [{ logo: 'initials' as const, initials: '' }, 'logo']
])('asks the server nothing while %j is wrong', async (part, field) => {
  const edited = form();
  edited.edit(part);
  let asked = 0;
  const done = await edited.save(async () => {
    asked += 1;
  });
  expect([done, asked]).toEqual([false, 0]);
  expect(edited.problemOf(field as 'logo')).not.toBeNull();
});

it('shows a problem of the server at its field until that is changed', async () => {
  const edited = form();
  edited.edit({ variables: [{ name: 'LD_PRELOAD', value: 'x' }] });
  const problem = makeProblem(
    'invalid',
    'Not that.',
    '',
    'variables.LD_PRELOAD'
  );
  const done = await edited.save(() =>
    Promise.reject(new EnvManagerError(problem, 400))
  );
  expect(done).toBe(false);
  expect(edited.saving).toBe(false);
  expect(edited.problemOf('variables')).toBe(problem);
  expect(edited.otherProblem).toBeNull();
  edited.edit({ display_name: 'Other' });
  expect(edited.problemOf('variables')).toBe(problem);
  edited.edit({ variables: [] });
  expect(edited.problemOf('variables')).toBeNull();
});

it('shows a problem without a field above them all', async () => {
  const edited = form();
  const problem = makeProblem('no_space', 'Full.', '');
  await edited.save(() => Promise.reject(new EnvManagerError(problem, 507)));
  expect(edited.otherProblem).toBe(problem);
});

it('knows what can be changed here', () => {
  expect(form().canEdit('variables')).toBe(true);
  expect(form().canEdit('modules')).toBe(false);
  expect(new KernelForm({}, null, trans).canEdit('modules')).toBe(true);
});

it('asks for a new kernel with everything that was typed', () => {
  const made = new KernelForm(
    { display_name: 'R', source: 'ir', template: 'site' },
    null,
    trans
  );
  made.edit({ arguments: '--quiet\n--max 3', user_site: true });
  expect(made.toNew('e1')).toEqual({
    environment: 'e1',
    display_name: 'R',
    source: 'ir',
    template: 'site',
    variables: {},
    modules: [],
    arguments: ['--quiet', '--max 3'],
    user_site: true,
    logo: null
  });
});

it.each([
  ['Python 3.11', 'P31'],
  ['torch', 'TO'],
  ['Über uns', 'ÜU'],
  ['', '']
])('proposes letters for %p', (name, letters) => {
  expect(proposeLogo(name).initials).toBe(letters);
});

it.each([
  ['#000000', 'white'],
  ['#ffff00', 'black'],
  ['#1976d2', 'white']
])('writes on %s in %s', (color, ink) => {
  expect(inkOn(color)).toBe(ink);
});
