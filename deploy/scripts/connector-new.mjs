#!/usr/bin/env node
/**
 * `npm run connector:new -- <channel> [--app connector-<name>]`: writes a connector's folder, its app (unless the one that is named is there),
 * its platform in the sandbox and its conformance plan. What it writes builds and runs, and its conformance fails until it is filled:
 * docs/add-a-connector.md.
 */
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { main, say, Trouble } from './lib/console.mjs';
import { checkNode } from './lib/launch.mjs';
import { ROOT, inRepo } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const USAGE = 'usage: npm run connector:new -- <channel> [--app connector-<name>]';
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** What the generator may have changed: written in the project's form, whatever stood there. */
const WRITTEN = [
  'apps/suite/src/*.ts',
  'apps/sandbox/src/{platforms/platforms,channels/channels}.ts',
  'apps/edge/src/upstreams/edge-config.ts',
  'apps/inbox/src/dlq/dlq.consumer.ts',
  'nest-cli.json',
];

const folderOf = (channel) =>
  fs
    .readdirSync(inRepo('apps'))
    .filter((app) => app.startsWith('connector-'))
    .map((app) => `apps/${app}/src/${channel}`)
    .find((folder) => fs.existsSync(inRepo(folder)));

await main(async () => {
  checkNode();
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { app: { type: 'string' } } });
  const [channel, ...more] = positionals;
  const app = values.app ?? `connector-${channel}`;
  if (channel === undefined || more.length > 0) throw new Trouble(USAGE);
  if (!NAME.test(channel) || channel.length > 32 || !/^connector-/.test(app) || !NAME.test(app))
    throw new Trouble(`${USAGE}\nNames are lower-case words joined by hyphens, at most 32 letters.`);
  const known =
    folderOf(channel) ?? (values.app === undefined && fs.existsSync(inRepo('apps', app)) ? `apps/${app}` : null);
  if (known !== null) throw new Trouble(`${known} is there already.`);
  const { code, output } = await run(
    process.execPath,
    [
      inRepo('node_modules/plop/bin/plop.js'),
      ...['--plopfile', inRepo('deploy/generators/plopfile.mjs'), '--dest', ROOT],
      ...['connector', '--', '--name', channel, '--app', app],
    ],
    { cwd: ROOT },
  );
  // Without the empty lines of its spinner.
  say(output.replace(/^- ?\n/gm, '').trimEnd());
  if (code !== 0) throw new Trouble('Not everything could be written; the reason is above.');
  const files = [
    ...WRITTEN,
    `apps/${app}/src/*.ts`,
    `apps/${app}/src/${channel}`,
    `apps/sandbox/src/{platforms/${channel},channels}/${channel}.ts`,
    `test/conformance/channels/${channel}.ts`,
  ];
  await run(inRepo('node_modules/.bin/prettier'), ['--write', '--log-level', 'warn', ...files], { cwd: ROOT });
  say(`Now fill apps/${app}/src/${channel} and apps/sandbox/src/platforms/${channel}: docs/add-a-connector.md`);
  say(`  npm run conformance -- ${channel}`);
});
