import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';

/** When a process began, in the system's own words: with its pid it names the process even when pids are used again. Null: not running. */
export function startedAt(pid) {
  try {
    if (fs.existsSync('/proc/self/stat')) {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/** Starts a program that outlives this one, its output appended to a file. */
export function startDetached(command, args, { log, env, cwd }) {
  const out = fs.openSync(log, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', out, out],
    env: { ...process.env, ...env },
    cwd,
  });
  fs.closeSync(out);
  child.on('error', () => {});
  child.unref();
  return { pid: child.pid, startedAt: child.pid === undefined ? null : startedAt(child.pid) };
}

/** Whether a recorded process still runs (and is the same one). */
export function isRunning(record) {
  return record?.pid !== undefined && record.startedAt !== null && startedAt(record.pid) === record.startedAt;
}

/** Ends a recorded process: asks first, then does not. */
export async function stop(record, patienceMs = 10_000) {
  if (!isRunning(record)) return;
  signal(record.pid, 'SIGTERM');
  const until = Date.now() + patienceMs;
  while (isRunning(record) && Date.now() < until) await pause(50);
  if (isRunning(record)) signal(record.pid, 'SIGKILL');
  while (isRunning(record)) await pause(50);
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until it answers true; false when it has not within the time. */
export async function until(ask, timeoutMs, everyMs = 100) {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (await ask().catch(() => false)) return true;
    await pause(everyMs);
  }
  return false;
}

/** Runs a program to its end; answers its exit code and what it printed. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code, name) => resolve({ code: code ?? 1, signal: name, output, stdout }));
  });
}

/** Whether a program is on the PATH (or at one of the extra places); answers its path or null. */
export function which(names, extra = []) {
  for (const name of [names].flat()) {
    for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin', ...extra]) {
      const file = `${folder}/${name}`;
      try {
        fs.accessSync(file, fs.constants.X_OK);
        if (fs.statSync(file).isFile()) return file;
      } catch {
        // not here
      }
    }
  }
  return null;
}
