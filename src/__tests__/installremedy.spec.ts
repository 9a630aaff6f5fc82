import { InstallFlow } from '../notebook/installflow';
import { installItem } from '../plan/pending';
import { makeModel, makeRemedy } from './fakes';

const PREVIEW = 'POST environments/e1/preview';
const PLAN = { id: 'p1', actions: [], warnings: [] };

it('takes a way out of a plan that stops, and asks again', async () => {
  const { model, server } = makeModel();
  const environment = { id: 'e1', name: 'x', unchangeable: '' };
  const kernels = [{ name: 'k1', environment: 'e1' }];
  server.answers['GET environments'] = [
    200,
    { environments: [environment], problems: [] }
  ];
  server.answers['GET kernels'] = [200, { kernels }];
  server.answers[PREVIEW] = [200, { ...PLAN, gpu: { stop: true } }];
  const items = [installItem('pytorch')];
  const run = async () => undefined;
  const flow = new InstallFlow({ model, kernel: 'k1', items, run });
  await flow.start();
  await flow.preview();
  expect([flow.step, flow.canAccept]).toEqual(['plan', true]);

  server.answers[PREVIEW] = [200, PLAN];
  await flow.remedy(makeRemedy({ add: ['pytorch-gpu'], gpu: 'h100' }));
  expect([flow.step, flow.canAccept]).toEqual(['plan', false]);
  expect(server.bodies[1]).toMatchObject({
    install: ['pytorch', 'pytorch-gpu'],
    gpu: 'h100'
  });
  flow.dispose();
  model.dispose();
});
