import type { FileContent } from '../_models';

/** A file as the server has read it. */
export const CONTENT: FileContent = {
  format: 'environment.yml',
  name: 'stats',
  specs: ['numpy=1.26.4=py_0', 'pandas'],
  pypi: ['flask'],
  channels: ['conda-forge'],
  variables: {},
  platforms: [],
  locked: 0,
  usable: true,
  problems: []
};

/** A problem of one of its lines. */
export const problem = (line: number, code = 'file_error') => ({
  code,
  message: `line ${line}`,
  hint: '',
  field: null,
  details: { line }
});
