import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Typed objects of TypeORM whose own transactions would share SQLite's one query runner and lose rows. */
const OWN_TRANSACTION =
  'Use Database.transaction of libs/storage: TypeORM on SQLite turns concurrent transactions into savepoints of each other.';
const GUARDED = 'Use guardedFetch (or InboxClient) of libs/connector-kit: it refuses addresses inside our own network.';

const restricted = {
  transaction: [
    {
      selector:
        "CallExpression[callee.property.name='transaction'][callee.object.name=/^(dataSource|manager|entityManager|queryRunner)$/]",
      message: OWN_TRANSACTION,
    },
    {
      selector:
        "CallExpression[callee.property.name='transaction'][callee.object.property.name=/^(dataSource|manager|entityManager|queryRunner)$/]",
      message: OWN_TRANSACTION,
    },
    { selector: "CallExpression[callee.property.name='startTransaction']", message: OWN_TRANSACTION },
  ],
  fetch: [
    { selector: "CallExpression[callee.name='fetch']", message: GUARDED },
    { selector: "CallExpression[callee.object.name='globalThis'][callee.property.name='fetch']", message: GUARDED },
  ],
  defaultExport: [{ selector: 'ExportDefaultDeclaration', message: 'Name what is exported: no default exports.' }],
};
const syntax = (...names) => ({ 'no-restricted-syntax': ['error', ...names.flatMap((name) => restricted[name])] });
const axios = { 'no-restricted-imports': ['error', { paths: [{ name: 'axios', message: GUARDED }] }] };

const PAGES = [
  'apps/console/web/**/*.{ts,tsx}',
  'apps/connector-webchat/widget/**/*.ts',
  'apps/sandbox/web/**/*.{ts,tsx}',
];
const TESTS = [
  '**/*.spec.ts',
  '**/*.spec.tsx',
  '**/src/{specs,testing}/**/*.ts',
  'test/**/*.ts',
  'libs/testing/**/*.ts',
];

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      '.cache/**',
      'coverage/**',
      'data/**',
      'docs/**',
      '**/testdata/**',
      '**/vite.config.*',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // An async method may implement a port whose other implementation waits.
      '@typescript-eslint/require-await': 'off',
      // Text of numbers and of unions of literals is meant.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      // Control characters are what we look for in what strangers send.
      'no-control-regex': 'off',
    },
  },
  {
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['libs/storage/**', 'libs/connector-kit/**', 'libs/testing/**', 'apps/sandbox/**', '**/*.spec.ts'],
    rules: { ...syntax('transaction', 'fetch', 'defaultExport'), ...axios },
  },
  { files: ['libs/storage/**/*.ts'], rules: { ...syntax('fetch', 'defaultExport'), ...axios } },
  // The kit holds the guard; the sandbox plays the platforms and calls us.
  { files: ['libs/connector-kit/**/*.ts', 'apps/sandbox/src/**/*.ts'], rules: syntax('transaction', 'defaultExport') },
  {
    files: TESTS,
    rules: {
      ...syntax('defaultExport'),
      // What tests read of answers is what they then expect.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-console': 'off',
    },
  },
  {
    files: ['apps/console/web/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  // Hooks hand out functions by name; none of them leans on `this`.
  { files: PAGES, rules: { ...syntax('defaultExport'), '@typescript-eslint/unbound-method': 'off' } },
  {
    files: ['**/*.{mjs,cjs,js}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'module',
          'require',
          '__dirname',
          '__filename',
          'URL',
          'Buffer',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'setImmediate',
          'fetch',
          'AbortSignal',
          'performance',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }] },
  },
);
