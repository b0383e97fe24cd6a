/**
 * The layout's rules (docs/architecture). Each fires on a small bad example in test/repo/dependency-rules.spec.ts.
 * @type {import('dependency-cruiser').IConfiguration}
 */
/** Load packages that are left out of the image unless asked for. */
const OPTIONAL_LOADERS = '^apps/(connector-wechat/src/wechaty/puppet|sandbox/src/platforms/wechaty/puppet-host)[.]ts$';
const SPEC = '\\.(spec|e2e|faults|proofs)\\.ts$|/src/(specs|testing)/';

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Modules do not depend on each other in a circle.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'What is imported must exist. Pages import assets that only their bundler knows.',
      from: { pathNot: '^apps/(console/web|sandbox/web|connector-webchat/widget)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'app-not-to-app',
      severity: 'error',
      comment: 'An app imports libs, never another app; the suite alone composes apps.',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/suite/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'contracts-to-zod-only',
      severity: 'error',
      comment: 'Contracts are schemas: they import zod and each other.',
      from: { path: '^libs/contracts/', pathNot: SPEC },
      to: { pathNot: ['^libs/contracts/', '(^|/)node_modules/zod/'] },
    },
    {
      name: 'kafkajs-in-bus-only',
      severity: 'error',
      comment: 'libs/bus is the only one to speak Kafka; the benchmark measures it against the plain client.',
      from: { pathNot: '^(libs/bus|test/bench)/' },
      to: { path: '(^|/)node_modules/kafkajs/' },
    },
    {
      name: 'typeorm-in-storage-only',
      severity: 'error',
      comment: 'libs/storage is the only one to open the database: its write lane is what keeps SQLite whole.',
      // The recount of the fault suite asks the database itself, past everything that it checks; so do the benchmark's floors and recounts.
      from: { pathNot: '^(libs/(storage|testing)|test/bench)/|^test/faults/harness/rows\\.ts$' },
      to: { path: '(^|/)node_modules/(typeorm|mysql2|@photostructure/sqlite)/' },
    },
    {
      name: 'bench-from-outside',
      severity: 'error',
      comment:
        'The benchmark speaks to the product as everyone does, and its floors stand on nothing of it. Only where decisions are measured alone it calls the reducer.',
      from: { path: '^test/bench/', pathNot: '^test/bench/programs/routing\\.ts$' },
      to: {
        path: '^(apps/|libs/(platform|storage|bus|connector-kit)/)|(^|/)node_modules/typeorm/',
      },
    },
    {
      name: 'testing-not-to-typeorm',
      severity: 'error',
      comment: 'Fixtures make and drop databases with the plain driver.',
      from: { path: '^libs/testing/' },
      to: { path: '(^|/)node_modules/(typeorm|@photostructure/sqlite)/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'A domain folder is plain logic: no framework, no database, no bus.',
      from: { path: '^(?:apps|libs)/([^/]+)/.*domain/', pathNot: SPEC },
      to: {
        path: '(^|/)node_modules/(@nestjs|typeorm|mysql2|kafkajs|fastify|@photostructure)/|^libs/(storage|bus|connector-kit)/',
        pathNot: '^libs/$1/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-deep-import-from-outside',
      severity: 'error',
      comment: 'A lib is used through its index; `@huiliu/<lib>`.',
      from: { path: '^(apps|test)/' },
      to: { path: '^libs/[^/]+/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'no-deep-import-between-libs',
      severity: 'error',
      comment: 'A lib is used through its index; `@huiliu/<lib>`.',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'libs-not-to-apps',
      severity: 'error',
      comment: 'Libs know no app.',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'wire-is-a-codec',
      severity: 'error',
      comment:
        'What platforms have in common on the wire: pure, shared by connectors and by the sandbox that plays their platforms.',
      from: { path: '^libs/wire/', pathNot: SPEC },
      to: { pathNot: ['^libs/wire/', '(^|/)node_modules/fast-xml-parser/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'platform-below-storage',
      severity: 'error',
      comment: 'contracts ← platform ← storage ← bus ← connector-kit.',
      from: { path: '^libs/platform/', pathNot: SPEC },
      to: { path: '^libs/(storage|bus|connector-kit|testing)/' },
    },
    {
      name: 'storage-below-bus',
      severity: 'error',
      comment: 'contracts ← platform ← storage ← bus ← connector-kit.',
      from: { path: '^libs/storage/', pathNot: SPEC },
      to: { path: '^libs/(bus|connector-kit|testing)/' },
    },
    {
      name: 'bus-below-connector-kit',
      severity: 'error',
      comment: 'contracts ← platform ← storage ← bus ← connector-kit.',
      from: { path: '^libs/bus/', pathNot: SPEC },
      to: { path: '^libs/(connector-kit|testing)/' },
    },
    {
      name: 'testing-in-tests-only',
      severity: 'error',
      comment: 'What helps tests is not in the product.',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/testing/', SPEC] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'e2e-by-public-surfaces-only',
      severity: 'error',
      comment: 'End-to-end tests speak HTTP and WebSocket; they import no app and nothing of its insides.',
      from: { path: '^test/e2e/' },
      to: { path: '^(apps/|libs/(platform|storage|bus|connector-kit)/)' },
    },
    {
      name: 'no-dev-dependency-in-product',
      severity: 'error',
      comment: 'What the image runs is in "dependencies".',
      from: { path: '^(apps|libs)/[^/]+/src/', pathNot: ['^libs/testing/', SPEC, OPTIONAL_LOADERS] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'optional-packages-are-loaded-late',
      severity: 'error',
      comment: 'What may not be installed is loaded by import() when an account needs it (ADR 16).',
      from: { path: OPTIONAL_LOADERS },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    // Only our own build: most packages have a folder dist too, and what is excluded breaks no rule.
    exclude: { path: '^dist/|(^|/)testdata/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'import', 'default', 'types'],
    },
  },
};
