import js from '@eslint/js';
import jupyterPlugin from '@jupyter/eslint-plugin';
import prettierRecommended from 'eslint-plugin-prettier/recommended';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** The folders of `src/`, from the lowest floor up: each imports from those before it alone. */
const FOLDERS = [
  'widgets',
  'jobs',
  'gpu',
  'files',
  'plan',
  'kernels',
  'create',
  'environment',
  'notebook',
  'share',
  'panel'
];

/** What puts them together. */
const TOP = ['index', 'model', 'commands', 'pagecommands'];

export default defineConfig([
  {
    ignores: [
      '.venv',
      'build',
      'coverage',
      'docs',
      'jupyter_envmanager',
      'lib',
      'node_modules',
      'ui-tests',
      '**/*.js',
      '**/*.d.ts',
      'src/_models.ts'
    ]
  },
  js.configs.recommended,
  tseslint.configs.recommended,
  { plugins: { jupyter: jupyterPlugin } },
  jupyterPlugin.configs.recommended,
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { project: 'tsconfig.test.json', sourceType: 'module' }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { args: 'none' }],
      curly: ['error', 'all'],
      eqeqeq: 'error',
      // Small, and needed by activate() at once; what is large is imported when first shown.
      'jupyter/prefer-lazy-imports': [
        'warn',
        { ignoreImports: ['./commands', './kernels/kernelcommands', './model'] }
      ],
      'max-lines': [
        'warn',
        { max: 330, skipBlankLines: true, skipComments: true }
      ],
      'prefer-arrow-callback': 'error'
    }
  },
  ...FOLDERS.map((folder, floor) => ({
    files: [`src/${folder}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [...FOLDERS.slice(floor + 1), ...TOP].map(
                above => `../${above}${FOLDERS.includes(above) ? '/*' : ''}`
              ),
              message: 'Imports go down only.'
            }
          ]
        }
      ]
    }
  })),
  {
    // Pure parts know neither the model nor the server.
    files: [
      'src/widgets/components.tsx',
      'src/widgets/rows.tsx',
      'src/format.ts',
      'src/specs.ts'
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: ['api', 'model', 'tokens', '@jupyterlab/services'].flatMap(
            name =>
              name.startsWith('@') ? [name] : [`./${name}`, `../${name}`]
          )
        }
      ]
    }
  },
  {
    files: ['src/__tests__/**'],
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  prettierRecommended,
  {
    files: ['benchmarks/*.mjs'],
    languageOptions: { globals: { ...globals.browser, ...globals.node } }
  }
]);
