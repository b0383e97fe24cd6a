/** Unit and contract tests of libs and apps; each project names what it needs to run. */
const swc = ['@swc/jest', {}];
const base = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '^.+\\.(t|j|mj)s$': swc },
  transformIgnorePatterns: ['/node_modules/(?!(content-disposition)/)'],
  moduleNameMapper: { '^@huiliu/([a-z-]+)$': '<rootDir>/libs/$1/src/index' },
  modulePathIgnorePatterns: ['<rootDir>/(dist|data|\\.cache)/'],
  setupFiles: ['reflect-metadata'],
};

module.exports = {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,apps}/**/*.spec.ts', '<rootDir>/test/{repo,bench}/**/*.spec.ts'],
    },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e.ts'] },
    { ...base, displayName: 'conformance', testMatch: ['<rootDir>/test/conformance/**/*.spec.ts'] },
    { ...base, displayName: 'fuzz', testMatch: ['<rootDir>/test/fuzz/**/*.fuzz.ts'] },
    { ...base, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.faults.ts'] },
    // The product broken on purpose, to see that the faults notice: `npm run faults -- --prove`.
    { ...base, displayName: 'proofs', testMatch: ['<rootDir>/test/faults/**/*.proofs.ts'] },
  ],
};
