#!/usr/bin/env node
/**
 * `npm run services -- up|down [--only kafka|mysql|imap] [--dir <folder>]`: a real Kafka and a MySQL-compatible server for development
 * and tests; an IMAP server only when it is named. `up` prints KAFKA_BROKERS=… and DATABASE_URL=… on stdout when both answer; `down` stops only what `up` started.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { main, say, Trouble } from './lib/console.mjs';
import { containerRuns, removeContainer } from './lib/docker.mjs';
import { imapAnswers, startDovecot } from './lib/dovecot.mjs';
import { kafkaAnswers, startKafka } from './lib/kafka.mjs';
import { mysqlAnswers, startMariaDb } from './lib/mariadb.mjs';
import { CACHE } from './lib/paths.mjs';
import { isRunning, stop } from './lib/processes.mjs';

const USAGE = 'usage: npm run services -- up|down [--only kafka|mysql|imap] [--dir <folder>]';

const SERVICES = {
  kafka: {
    label: 'Kafka',
    variable: 'KAFKA_BROKERS',
    addressOf: (s) => s.brokers,
    start: startKafka,
    answers: kafkaAnswers,
  },
  mysql: {
    label: 'The database',
    variable: 'DATABASE_URL',
    addressOf: (s) => s.url,
    start: startMariaDb,
    answers: mysqlAnswers,
  },
  imap: {
    label: 'The IMAP server',
    variable: 'IMAP_URL',
    addressOf: (s) => s.address,
    start: startDovecot,
    answers: imapAnswers,
    onlyNamed: true,
  },
};

function readState(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}

function writeState(file, state) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.new`, JSON.stringify(state, null, 2));
  fs.renameSync(`${file}.new`, file);
}

async function runs(record) {
  if (record === undefined) return false;
  return record.container === undefined ? isRunning(record) : containerRuns(record.container);
}

/** Makes sure one service answers; answers its address. */
async function ensure(name, folder, file) {
  const service = SERVICES[name];
  const given = process.env[service.variable];
  if (given) {
    if (!(await service.answers(given).catch(() => false)))
      throw new Trouble(`${service.label} given by ${service.variable} does not answer`);
    say(`${service.label} is given by ${service.variable}`);
    return given;
  }
  const known = readState(file)[name];
  if (await runs(known)) {
    const address = service.addressOf(known);
    if (await service.answers(address).catch(() => false)) {
      say(`${service.label} runs already on ${address.replace(/.*@/, '')}`);
      return address;
    }
    await end(known);
  }
  const record = await service.start(path.join(folder, name));
  writeState(file, { ...readState(file), [name]: record });
  return service.addressOf(record);
}

async function end(record) {
  if (record.container !== undefined) await removeContainer(record.container);
  else await stop(record, 20_000);
}

async function up(names, folder, file) {
  // Sequential where something must be installed: apt-get takes one caller at a time.
  const lines = [];
  for (const name of names) lines.push(`${SERVICES[name].variable}=${await ensure(name, folder, file)}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function down(names, file) {
  const state = readState(file);
  for (const name of names) {
    const record = state[name];
    if (record === undefined) continue;
    if (await runs(record)) {
      await end(record);
      say(`${SERVICES[name].label} stopped`);
    }
    delete state[name];
  }
  if (Object.keys(state).length === 0) fs.rmSync(file, { force: true });
  else writeState(file, state);
}

/** What is meant when nothing is named: everything for `down`, what development needs for `up`. */
function named(action, file) {
  if (action === 'down') return Object.keys(readState(file));
  return Object.keys(SERVICES).filter((name) => !SERVICES[name].onlyNamed);
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, dir: { type: 'string' } },
  });
  const folder = path.resolve(values.dir ?? path.join(CACHE, 'services'));
  const file = path.join(folder, 'state.json');
  const names = values.only === undefined ? named(positionals[0], file) : [values.only];
  if (names.some((name) => !(name in SERVICES))) throw new Trouble(USAGE);
  if (positionals[0] === 'up') await up(names, folder, file);
  else if (positionals[0] === 'down') await down(names, file);
  else throw new Trouble(USAGE);
});
