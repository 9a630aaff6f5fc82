import { nullTranslator } from '@jupyterlab/translation';

import { Creation } from '../create/creation';
import type { IFormValues } from '../create/formvalues';
import { makeJob, makeModel } from './fakes';

/** A plan without anything. */
export const PLAN = { id: 'p1', actions: [], warnings: [] };

/** What is being made, with these values in its form, on a server that previews and creates. */
export function makeCreation(values: Partial<IFormValues> = {}) {
  const { model, server } = makeModel();
  server.answers['POST environments/preview'] = [200, PLAN];
  server.answers['POST environments'] = [202, makeJob({ state: 'queued' })];
  const creation = new Creation(model, nullTranslator.load('test'), values);
  const stop = () => {
    creation.dispose();
    model.dispose();
  };
  return { creation, server, stop };
}
