const jestJupyterLab = require('@jupyterlab/testing/lib/jest-config');

const esModules = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@marijn',
  '@microsoft',
  'color',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

const jupyterLab = jestJupyterLab(__dirname);

module.exports = {
  ...jupyterLab,
  automock: false,
  // By default one of two cores stays idle.
  maxWorkers: '100%',
  modulePathIgnorePatterns: [
    '<rootDir>/.venv/',
    '<rootDir>/jupyter_envmanager/',
    '<rootDir>/ui-tests/'
  ],
  reporters: ['default'],
  testRegex: 'src/__tests__/.*\\.spec\\.tsx?$',
  transform: {
    ...jupyterLab.transform,
    // Types are checked once, by tsc, instead of by each worker.
    '^.+\\.tsx?$': [
      'ts-jest/legacy',
      {
        tsconfig: './tsconfig.test.json',
        isolatedModules: true,
        diagnostics: false
      }
    ]
  },
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
