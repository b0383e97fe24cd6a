import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

/** What programs of the benchmark and the harness say to each other. */
export interface Note {
  readonly type: string;
  readonly [field: string]: unknown;
}

const FOLDER = path.resolve(__dirname, '..');
const PATIENCE_MS = 300_000;

/** A program of the benchmark in a process of its own: a floor, or a part of the load. */
export class BenchProcess {
  private notes: Note[] = [];
  private readonly waiting = new Set<() => void>();
  private ended: string | null = null;
  private listensOn: number | null = null;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    child.on('message', (note) => {
      this.notes.push(note as Note);
      this.wake();
    });
    child.once('exit', (code, signal) => {
      this.ended = signal ?? `code ${code}`;
      this.wake();
    });
  }

  /** Starts `test/bench/<program>` and waits for its note `ready`. */
  static async start(name: string, program: string, env: Readonly<Record<string, string>> = {}): Promise<BenchProcess> {
    const child = fork(path.join(FOLDER, `${program}.js`), [], {
      env: { ...process.env, ...env },
      serialization: 'advanced',
      execArgv: ['--enable-source-maps'],
    });
    const started = new BenchProcess(name, child);
    started.listensOn = (await started.next<{ port?: number }>('ready')).port ?? null;
    return started;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Where it listens, of a floor that is a server. */
  get port(): number {
    if (this.listensOn === null) throw new Error(`${this.name} listens nowhere`);
    return this.listensOn;
  }

  say(note: Note): void {
    this.child.send(note);
  }

  /** The next note of a type, of those that came and those to come. */
  async next<T = Note>(type: string, patienceMs = PATIENCE_MS): Promise<T> {
    const until = Date.now() + patienceMs;
    for (;;) {
      const at = this.notes.findIndex((note) => note.type === type);
      if (at >= 0) return this.notes.splice(at, 1)[0] as T;
      if (this.ended !== null) throw new Error(`${this.name} ended (${this.ended}) before it said ${type}`);
      if (Date.now() > until) throw new Error(`${this.name} did not say ${type} within ${patienceMs / 1000} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Says something and waits for the answer of a type. */
  ask<T = Note>(note: Note, answer: string, patienceMs?: number): Promise<T> {
    this.say(note);
    return this.next<T>(answer, patienceMs);
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async close(): Promise<void> {
    if (this.ended !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.resume();
    this.child.kill('SIGTERM');
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(hard);
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** The other side: a program answers notes by type, and says `ready` once it can. */
export function serveNotes(handlers: Readonly<Record<string, (note: Note) => unknown>>): void {
  process.on('message', (raw) => {
    const note = raw as Note;
    const handler = handlers[note.type];
    if (handler === undefined) throw new Error(`no such note: ${note.type}`);
    void Promise.resolve(handler(note));
  });
  // Without the harness there is nothing to do.
  process.on('disconnect', () => process.exit(0));
}

export function tell(note: Note): void {
  process.send?.(note);
}
