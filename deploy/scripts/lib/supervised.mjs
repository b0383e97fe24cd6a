import { spawn } from 'node:child_process';
import readline from 'node:readline';
import { pino } from 'pino';
import { say } from './console.mjs';
import { inRepo } from './paths.mjs';

/** The children's lines and ours. What a full disk does not take is lost after a while; nobody ends of it. */
const out = pino.destination({ fd: 1, sync: true, maxLength: 1 << 20 });
out.on('error', () => {});
process.stderr.on('error', () => {});

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3000;
const WELL_AFTER_MS = 10_000;
/**
 * Under load most of what a process makes is soon garbage, and what has died by the time of a collection costs nothing. With 32 MiB for what is
 * young instead of Node's 16 the website connector needs 7 % less; the inbox, through which everything passes, collects a third as often with 64.
 */
const YOUNG_MB = { inbox: 64, others: 32 };

/** One app's process, started again whenever it ends. Its port stays the same, so nobody has to be told. */
export class Supervised {
  #child = null;
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  #timer = null;

  /** @param {{app: string, port: number, env: Record<string, string>}} plan */
  constructor(plan) {
    this.plan = plan;
  }

  start() {
    const { app, port, env } = this.plan;
    const began = Date.now();
    // Standard input is a pipe that the child watches (HUILIU_SUPERVISED): the system closes it however we end, kill -9 included.
    const young = `--max-semi-space-size=${YOUNG_MB[app] ?? YOUNG_MB.others}`;
    const args = ['--enable-source-maps', young, inRepo(`dist/apps/${app}/src/main.js`)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.#child = child;
    child.stdin.on('error', () => {});
    readline.createInterface({ input: child.stdout }).on('line', (line) => out.write(`${line}\n`));
    child.once('error', (error) => say(`${app} could not be started: ${error.message}`));
    child.once('close', (code, signal) => this.#ended(began, signal ?? `code ${code}`));
    if (child.pid !== undefined) out.write(`${app} pid ${child.pid} port ${port}\n`);
  }

  #ended(began, how) {
    this.#child = null;
    if (this.#stopping) return;
    this.#pauseMs = Date.now() - began > WELL_AFTER_MS ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    say(`${this.plan.app} on port ${this.plan.port} ended (${how}); starts again in ${this.#pauseMs} ms`);
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
  }

  /** Asks the process to end, and makes it after `patienceMs`. */
  async stop(patienceMs) {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(hard);
  }
}
