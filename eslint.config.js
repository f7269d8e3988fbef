// SPDX-License-Identifier: Apache-2.0
import tseslint from 'typescript-eslint';

/** Who may import whom: package folder → the @carabiner packages its `src` may import. */
const MAY_IMPORT = {
  'packages/clock': [],
  'packages/dialect': [],
  'packages/goose': ['clock'],
  'packages/fusioncharge': ['clock'],
  'packages/ocmf': [],
  codegen: ['dialect'],
  'packages/core': ['clock', 'dialect'],
  'packages/interfaces': ['core'],
  'packages/everest': ['clock', 'core', 'dialect'],
  'packages/testkit': ['clock', 'core', 'dialect', 'interfaces'],
  'packages/plugin-huawei-psu': ['clock', 'core', 'interfaces', 'goose', 'fusioncharge'],
  'packages/plugin-mock-psu': ['clock', 'core', 'interfaces', 'goose', 'fusioncharge'],
  'packages/plugin-iem-dcr': ['clock', 'core', 'interfaces', 'ocmf'],
  'packages/plugin-evse-manager': ['clock', 'core', 'interfaces'],
  'packages/plugin-simulator': ['clock', 'core', 'interfaces', 'ocmf'],
  'packages/plugin-store': ['clock', 'core', 'interfaces'],
};

const boundaries = Object.entries(MAY_IMPORT).map(([folder, names]) => ({
  files: [`${folder}/src/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(@carabiner/(?!(${names.join('|') || 'none'})(/|$))|carabiner$)`,
            message: `${folder} may import only: ${names.map((name) => `@carabiner/${name}`).join(', ') || 'no package of the workspace'}`,
          },
          { regex: '^\\.\\./\\.\\./.*/(src|dist)/', message: 'import other packages by name' },
        ],
      },
    ],
  },
}));

/** Time comes from a Clock, so that tests can move it. */
const clockOnly = {
  files: ['codegen/src/**/*.ts', 'packages/*/src/**/*.ts'],
  ignores: ['packages/clock/src/**'],
  rules: {
    'no-restricted-globals': [
      'error',
      ...['setTimeout', 'setInterval'].map((name) => ({
        name,
        message: 'use a Clock from @carabiner/clock',
      })),
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'use a Clock from @carabiner/clock' },
    ],
  },
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/dist-test/**',
      '**/node_modules/**',
      '**/generated/**',
      'packages/interfaces/src/**',
      '**/fixtures/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      eqeqeq: 'error',
      'no-console': 'off',
    },
  },
  ...boundaries,
  clockOnly,
  {
    files: ['**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
