#!/usr/bin/env node
/** `npm start`: builds what is older than its sources, then runs the suite in this process. */
import { pathToFileURL } from 'node:url';
import { main, Trouble } from './lib/console.mjs';
import { buildIfNeeded, checkNode } from './lib/launch.mjs';
import { portBusy } from './lib/net.mjs';
import { inRepo } from './lib/paths.mjs';

await main(async () => {
  checkNode();
  const port = Number(process.env.PORT || 3000);
  const host = process.env.HOST || (process.env.NODE_ENV === 'production' ? '0.0.0.0' : '127.0.0.1');
  if (Number.isInteger(port) && port > 0 && port < 65536 && (await portBusy(port, host))) {
    throw new Trouble(`Port ${port} is taken. Stop what listens there, or choose another: PORT=${port + 1} npm start`);
  }
  await buildIfNeeded();
  await import(pathToFileURL(inRepo('dist/apps/suite/src/main.js')).href);
});
