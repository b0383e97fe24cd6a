#!/usr/bin/env node
/**
 * `npm run generate`: writes what is generated and committed: docs/openapi.json, docs/asyncapi.yaml, docs/schema/*.sql and
 * docs/configuration.md. With `--check` it writes nothing and fails, with a diff, where a file is not what it would write.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { asyncApi } from './lib/asyncapi.mjs';
import { main, say, Trouble } from './lib/console.mjs';
import { openApi } from './lib/openapi.mjs';
import { DIST, inRepo } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const require = createRequire(import.meta.url);
const built = (file) => require(path.join(DIST, file));

/** What each file should hold, by its path in the repository. */
const FILES = {
  'docs/openapi.json': openApi,
  'docs/asyncapi.yaml': asyncApi,
  'docs/schema/sqlite.sql': () => built('libs/storage/src/index.js').renderSchema('sqlite', suiteSchemas()),
  'docs/schema/mysql.sql': () => built('libs/storage/src/index.js').renderSchema('mysql', distributedSchemas()),
  'docs/configuration.md': () => built('libs/platform/src/index.js').describeConfig(),
};

const prefixOf = (app) => app.replaceAll('-', '_');

/** The schema modules that an app declares in its `schema.ts`; a connector's tables are the kit's. */
function schemasOf(app) {
  const kit = app.startsWith('connector-')
    ? [built('libs/connector-kit/src/index.js').connectorSchema(prefixOf(app))]
    : [];
  const file = path.join(DIST, 'apps', app, 'src/schema.js');
  const own = fs.existsSync(file) ? Object.values(require(file)) : [];
  return [...kit, ...own.filter((value) => typeof value?.prefix === 'string' && Array.isArray(value.steps))];
}

const apps = () =>
  fs
    .readdirSync(inRepo('apps'))
    .filter((app) => fs.existsSync(inRepo('apps', app, 'src/main.ts')))
    .sort();

/** As the suite applies them: one database, one set of the libs' own tables. */
function suiteSchemas() {
  return [...ownSchemas('suite', 'embedded'), ...apps().flatMap(schemasOf)];
}

/** As the apps apply them, each for itself. */
function distributedSchemas() {
  return apps().flatMap((app) => {
    const own = schemasOf(app);
    return own.length === 0 ? [] : [...ownSchemas(prefixOf(app), 'kafka'), ...own];
  });
}

function ownSchemas(prefix, bus) {
  return [
    ...built('libs/storage/src/index.js').storageSchemas(prefix),
    ...built('libs/bus/src/index.js').busSchemas({ bus }, prefix),
  ];
}

/** The difference between a committed file and what belongs there, in words for a terminal. */
function difference(name, wanted) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'huiliu-generated-')), path.basename(name));
  fs.writeFileSync(file, wanted);
  const before = fs.existsSync(inRepo(name)) ? inRepo(name) : '/dev/null';
  const { stdout } = spawnSync(
    'diff',
    ['-u', '--label', `${name} (committed)`, '--label', `${name} (generated)`, before, file],
    { encoding: 'utf8' },
  );
  fs.rmSync(path.dirname(file), { recursive: true });
  return stdout.split('\n').slice(0, 60).join('\n');
}

await main(async () => {
  const checking = process.argv.includes('--check');
  const build = await run(process.execPath, [inRepo('deploy/scripts/build.mjs'), 'server']);
  if (build.code !== 0) throw new Trouble(build.output);
  const stale = [];
  for (const [name, make] of Object.entries(FILES)) {
    const wanted = await make();
    const committed = fs.existsSync(inRepo(name)) ? fs.readFileSync(inRepo(name), 'utf8') : null;
    if (committed === wanted) continue;
    stale.push(name);
    if (checking) {
      say(difference(name, wanted));
      continue;
    }
    fs.mkdirSync(path.dirname(inRepo(name)), { recursive: true });
    fs.writeFileSync(inRepo(name), wanted);
    say(`wrote ${name}`);
  }
  if (checking && stale.length > 0)
    throw new Trouble(`Stale: ${stale.join(', ')}. Run \`npm run generate\` and commit what it writes.`);
});
