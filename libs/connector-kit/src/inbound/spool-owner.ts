import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const OWNER_FILE = 'owner.json';
/** Owners on other hosts (a shared volume) are told by their heartbeat. */
const HEARTBEAT_MS = 2_000;
const STALE_MS = 30_000;

interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the kernel counts it: a pid is used again, a pid with its start is not. */
  readonly started: string | null;
}

function startOf(pid: number | 'self'): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

async function isDead(dir: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(join(dir, OWNER_FILE), 'utf8')) as Owner;
    if (owner.host === hostname()) {
      try {
        process.kill(owner.pid, 0);
      } catch (error) {
        // Another user's process is a process too.
        if ((error as NodeJS.ErrnoException).code !== 'EPERM') return true;
      }
      const started = startOf(owner.pid);
      return owner.started !== null && started !== null && started !== owner.started;
    }
    return Date.now() - (await stat(join(dir, OWNER_FILE))).mtimeMs > STALE_MS;
  } catch {
    // No owner file, or a torn one: the folder is being made or its process died while making it.
    const made = await stat(dir).catch(() => null);
    return made !== null && Date.now() - made.mtimeMs > STALE_MS;
  }
}

/** The folder of one process's spool, and how the folders of dead processes come to it. */
export class SpoolOwner {
  readonly dir: string;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly root: string) {
    this.dir = join(root, `${process.pid}-${randomBytes(6).toString('hex')}`);
  }

  async claim(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    const owner: Owner = { host: hostname(), pid: process.pid, started: startOf('self') };
    const path = join(this.dir, OWNER_FILE);
    await writeFile(path, JSON.stringify(owner), { flush: true });
    this.timer = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), HEARTBEAT_MS);
    this.timer.unref();
  }

  /** Takes the folders whose processes are dead, one by one by renaming: of two takers one succeeds. Answers where they are now. */
  async adopt(): Promise<string[]> {
    const adopted: string[] = [];
    for (const name of (await readdir(this.root).catch(() => [])).sort()) {
      const dir = join(this.root, name);
      if (dir === this.dir || !(await isDead(dir))) continue;
      const mine = join(this.dir, `adopted-${name}`);
      try {
        await rename(dir, mine);
        adopted.push(...(await this.inside(mine)), mine);
      } catch {
        // Another process was faster.
      }
    }
    return adopted;
  }

  async release(empty: boolean): Promise<void> {
    clearInterval(this.timer);
    if (empty) await rm(this.dir, { recursive: true, force: true });
  }

  /** What the dead process had adopted itself. */
  private async inside(dir: string): Promise<string[]> {
    const names = (await readdir(dir)).filter((name) => name.startsWith('adopted-'));
    const deeper = await Promise.all(
      names.map(async (name) => [...(await this.inside(join(dir, name))), join(dir, name)]),
    );
    // What was adopted is older than what its adopter wrote.
    return deeper.flat();
  }
}
