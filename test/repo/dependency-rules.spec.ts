import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the rules are a CommonJS file, as their tool wants it
const RULES = (require('../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] }).forbidden.map(
  (rule) => rule.name,
);

/** For each rule a file that breaks it, and what that file needs to exist. */
const BAD: Record<string, Record<string, string>> = {
  'no-circular': { 'libs/platform/src/a.ts': "export * from './b';", 'libs/platform/src/b.ts': "export * from './a';" },
  'no-unresolvable': { 'libs/platform/src/lost.ts': "export * from './nowhere';" },
  'app-not-to-app': { 'apps/inbox/src/other.ts': "export * from '../../routing/src/routing.module';" },
  'contracts-to-zod-only': { 'libs/contracts/src/clever.ts': "export * from 'ulid';" },
  'kafkajs-in-bus-only': { 'apps/inbox/src/kafka.ts': "export * from 'kafkajs';" },
  'typeorm-in-storage-only': { 'apps/inbox/src/orm.ts': "export * from 'typeorm';" },
  'testing-not-to-typeorm': { 'libs/testing/src/orm.ts': "export * from 'typeorm';" },
  'domain-is-pure': { 'apps/inbox/src/windows/domain/nest.ts': "export * from '@nestjs/common';" },
  'no-deep-import-from-outside': { 'apps/inbox/src/deep.ts': "export * from '../../../libs/platform/src/ids';" },
  'no-deep-import-between-libs': { 'libs/storage/src/deep.ts': "export * from '../../platform/src/ids';" },
  'libs-not-to-apps': { 'libs/bus/src/up.ts': "export * from '../../../apps/routing/src/routing.module';" },
  'wire-is-a-codec': { 'libs/wire/src/framework.ts': "export * from 'zod';" },
  'platform-below-storage': { 'libs/platform/src/up.ts': "export * from '@huiliu/storage';" },
  'storage-below-bus': { 'libs/storage/src/up.ts': "export * from '@huiliu/bus';" },
  'bus-below-connector-kit': { 'libs/bus/src/kit.ts': "export * from '@huiliu/connector-kit';" },
  'testing-in-tests-only': { 'apps/inbox/src/helper.ts': "export * from '@huiliu/testing';" },
  'e2e-by-public-surfaces-only': { 'test/e2e/inside.e2e.ts': "export * from '@huiliu/bus';" },
  'bench-from-outside': { 'test/bench/inside.ts': "export * from '@huiliu/bus';" },
  'optional-packages-are-loaded-late': { 'apps/connector-wechat/src/wechaty/puppet.ts': "export * from 'wechaty';" },
  'no-dev-dependency-in-product': { 'apps/inbox/src/dev.ts': "export * from 'fast-check';" },
};

/** What the bad files lean on; breaks nothing by itself. */
const GOOD: Record<string, string> = {
  'apps/routing/src/routing.module.ts': "export * from './domain/match';",
  'apps/routing/src/domain/match.ts': 'export const match = 1;',
  'apps/sandbox/src/platforms/wechaty/puppet-host.ts': "export const load = () => import('file-box');",
  'apps/suite/src/main.ts': "export * from '../../routing/src/routing.module';",
  'libs/platform/src/ids.ts': 'export const id = 1;',
  'libs/platform/src/index.ts': "export * from './ids';",
  'libs/storage/src/index.ts': "export * from '@huiliu/platform';",
  'libs/bus/src/index.ts': "export * from '@huiliu/storage'; export * from 'kafkajs';",
  'libs/contracts/src/index.ts': "export * from 'zod';",
  'libs/connector-kit/src/index.ts': "export * from '@huiliu/bus';",
  'libs/testing/src/index.ts': "export * from '@huiliu/contracts';",
  'test/e2e/outside.e2e.ts': "export * from '@huiliu/testing';",
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

/** Cruises a tree of these files with the repository's own rules. */
function violationsOf(files: Record<string, string>): Violation[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'huiliu-rules-'));
  try {
    for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      copyFileSync(path.join(ROOT, name), path.join(folder, name));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), `${text}\n`);
    }
    const cruiser = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [cruiser, 'apps', 'libs', 'test', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
    let json: string;
    try {
      json = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
    } catch (error) {
      json = (error as { stdout: string }).stdout;
    }
    return (JSON.parse(json) as { summary: { violations: Violation[] } }).summary.violations;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('dependency rules', () => {
  let violations: Violation[];

  beforeAll(() => {
    violations = violationsOf({ ...GOOD, ...Object.assign({}, ...Object.values(BAD)) });
  }, 60_000);

  it('have a bad example each', () => {
    expect(Object.keys(BAD).sort()).toEqual([...RULES].sort());
  });

  it.each(RULES)('%s fires on its bad example', (rule) => {
    const files = Object.keys(BAD[rule] ?? {});
    expect(
      violations.filter((violation) => violation.rule.name === rule && files.includes(violation.from)),
    ).not.toEqual([]);
  });

  it('leave a tree alone that keeps to them', () => {
    expect(violationsOf(GOOD).map(({ from, rule }) => `${rule.name}: ${from}`)).toEqual([]);
  }, 60_000);
});
