#!/usr/bin/env node
/**
 * `npm run start:distributed`: every app its own process on Kafka and MySQL, the edge in front on PORT. Starts again what ends; ends
 * what it started. `INSTANCES=inbox=2,routing=2` runs more of one.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { main, say, Trouble } from './lib/console.mjs';
import { buildIfNeeded, checkNode } from './lib/launch.mjs';
import { freePort, portBusy } from './lib/net.mjs';
import { inRepo } from './lib/paths.mjs';
import { Supervised } from './lib/supervised.mjs';

const STOP_MS = 9000;

/** The apps that run as processes here, in the order in which they are started. */
function appsToRun(production) {
  const apps = fs.readdirSync(inRepo('apps')).filter((app) => fs.existsSync(inRepo('dist/apps', app, 'src/main.js')));
  const left = ['suite', 'console', ...(production ? ['sandbox'] : [])];
  return apps.filter((app) => !left.includes(app)).sort((a, b) => order(a) - order(b) || a.localeCompare(b));
}

const order = (app) => ({ inbox: 0, routing: 1, edge: 9 })[app] ?? 5;

/** `inbox=2,routing=2` → how many processes of each app; one where nothing is said. */
export function parseInstances(text, apps) {
  const counts = Object.fromEntries(apps.map((app) => [app, 1]));
  for (const part of (text ?? '').split(',').filter((entry) => entry.trim() !== '')) {
    const [app, count, ...rest] = part.trim().split('=');
    const wrong = rest.length > 0 || !/^[1-9]\d?$/.test(count ?? '');
    if (!(app in counts)) throw new Trouble(`INSTANCES names "${app}"; there are ${apps.join(', ')}.`);
    if (wrong) throw new Trouble(`INSTANCES: "${part}" should read like inbox=2.`);
    if (app === 'sandbox' && count !== '1')
      throw new Trouble('INSTANCES: there is one sandbox, its mails are in memory.');
    if (app === 'edge' && count !== '1') throw new Trouble('INSTANCES: there is one edge, it holds the port.');
    counts[app] = Number(count);
  }
  return counts;
}

function masterKey(production, data) {
  if (process.env.HUILIU_MASTER_KEY) return process.env.HUILIU_MASTER_KEY;
  if (production)
    throw new Trouble(
      'HUILIU_MASTER_KEY is required in production: 32 random bytes in base64, the same for all processes.',
    );
  const file = path.join(data, 'master.key');
  if (!fs.existsSync(file)) fs.writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return fs.readFileSync(file, 'utf8').trim();
}

/** Processes of the inbox share its files; every other process has a folder (and so a spool) of its own. */
function dataFolder(data, app, index) {
  const folder = path.join(data, app === 'inbox' || index === 0 ? app : `${app}-${index + 1}`);
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Where the sandbox's mail server and puppets listen: beside our port, known to every process, the same after a restart. */
async function sandboxPorts(port) {
  const besides = async (name, distance) => {
    const wanted = Number(process.env[name] || port + distance);
    return String(wanted === 0 || wanted > 65535 ? await freePort() : wanted);
  };
  return {
    SANDBOX_SMTP_PORT: await besides('SANDBOX_SMTP_PORT', 25),
    SANDBOX_IMAP_PORT: await besides('SANDBOX_IMAP_PORT', 143),
    // The first of 64; none where there is no room for them.
    SANDBOX_PUPPET_PORT: process.env.SANDBOX_PUPPET_PORT || String(port + 264 > 65536 ? 0 : port + 200),
  };
}

async function plan() {
  const production = process.env.NODE_ENV === 'production';
  const data = path.resolve(process.env.HUILIU_DATA || 'data');
  fs.mkdirSync(data, { recursive: true });
  const port = Number(process.env.PORT || 3000);
  const host = process.env.HOST || (production ? '0.0.0.0' : '127.0.0.1');
  if (await portBusy(port, host))
    throw new Trouble(`Port ${port} is taken. Stop what listens there, or choose another with PORT.`);
  const apps = appsToRun(production);
  const counts = parseInstances(process.env.INSTANCES, apps);
  const inner = [];
  for (const app of apps.filter((name) => name !== 'edge')) {
    for (let index = 0; index < counts[app]; index++) inner.push({ app, index, port: await freePort() });
  }
  const urlOf = (process_) => `http://127.0.0.1:${process_.port}`;
  const shared = {
    ...process.env,
    BUS: 'kafka',
    HUILIU_MASTER_KEY: masterKey(production, data),
    HUILIU_INBOX_URL: inner
      .filter((process_) => process_.app === 'inbox')
      .map(urlOf)
      .join(','),
    HUILIU_FRONT_URL: `http://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${port}`,
    HUILIU_SUPERVISED: '1',
    ...(production ? {} : await sandboxPorts(port)),
  };
  const plans = inner.map(({ app, index, port: own }) => ({
    app,
    port: own,
    env: {
      ...shared,
      HOST: '127.0.0.1',
      PORT: String(own),
      HUILIU_DATA: dataFolder(data, app, index),
      TRUSTED_PROXIES: 'loopback',
    },
  }));
  const upstreams = inner.map((process_) => `${process_.app}=${urlOf(process_)}`).join(',');
  plans.push({
    app: 'edge',
    port,
    env: {
      ...shared,
      HOST: host,
      PORT: String(port),
      HUILIU_DATA: dataFolder(data, 'edge', 0),
      EDGE_UPSTREAMS: upstreams,
    },
  });
  return plans;
}

await main(async () => {
  checkNode();
  const missing = ['KAFKA_BROKERS', 'DATABASE_URL'].filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new Trouble(
      `${missing.join(' and ')} must be set. For development, start both and take the lines it prints:\n  npm run services -- up`,
    );
  }
  await buildIfNeeded();
  const children = (await plan()).map((one) => new Supervised(one));
  let stopping = false;
  const stop = async (signal) => {
    if (stopping) return;
    stopping = true;
    say(`${signal}: stopping`);
    await Promise.all(children.map((child) => child.stop(STOP_MS)));
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  for (const child of children) child.start();
});
