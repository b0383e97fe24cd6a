import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { Config, newId } from '@huiliu/platform';
import { Clock, Database, type Lease, Leases, TablePrefix, toDbTime, type Tx } from '@huiliu/storage';

const TTL_MS = 9_000;
const RENEW_MS = 3_000;
const TURN_MS = 100;

/** The lease under which one process reads an account (or holds its connection). */
export const accountLease = (accountId: string): string => `account/${accountId}`;

/** A lease in this process's hands. `signal` aborts once it may be in another's. */
export interface Held {
  readonly name: string;
  readonly signal: AbortSignal;
  /** Fails a transaction when the lease has gone to another process. */
  assert(tx: Tx): Promise<void>;
}

interface Entry {
  lease: Lease | null;
  readonly control: AbortController;
  validUntil: number;
}

/**
 * The leases that this process holds, renewed as long as it lives. On the embedded bus there is one process by definition: everything is
 * granted at once and nothing is written.
 */
@Injectable()
export class LeaseBook implements OnApplicationShutdown {
  private readonly logger = new Logger('LeaseBook');
  private readonly owner: string;
  private readonly alone: boolean;
  private readonly table: string;
  private readonly entries = new Map<string, Entry>();
  private readonly timer: NodeJS.Timeout | null;
  private renewing: Promise<void> | null = null;

  constructor(
    @Inject(Leases) private readonly leases: Leases,
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Config) config: Config,
    @Inject(TablePrefix) prefix: TablePrefix,
  ) {
    this.owner = newId();
    this.alone = config.bus === 'embedded';
    this.table = `${prefix.value}_leases`;
    this.timer = this.alone ? null : setInterval(() => this.renewAll(), RENEW_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.renewing;
    await Promise.all([...this.entries.keys()].map((name) => this.release(name).catch(() => undefined)));
  }

  /** Takes a lease, or answers null while another process holds it. */
  async take(name: string): Promise<Held | null> {
    const held = this.entries.get(name);
    if (held !== undefined) return this.handle(name, held);
    const from = performance.now();
    const lease = this.alone ? null : await this.leases.acquire(name, this.owner, TTL_MS);
    if (!this.alone && lease === null) return null;
    const entry: Entry = { lease, control: new AbortController(), validUntil: from + TTL_MS };
    this.entries.set(name, entry);
    return this.handle(name, entry);
  }

  /** Runs something while no other process runs it, waiting for its turn; callers of one process share the turn. */
  async inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    while ((await this.take(name)) === null) await wait(TURN_MS);
    try {
      return await work();
    } finally {
      // A lease that cannot be handed back runs out by itself.
      await this.release(name).catch(() => undefined);
    }
  }

  /** Hands a lease back: another process may have it at once. */
  async release(name: string): Promise<void> {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    this.entries.delete(name);
    entry.control.abort();
    if (entry.lease !== null) await this.leases.release(entry.lease);
  }

  holds(name: string): boolean {
    return this.entries.has(name);
  }

  /** Whether this lease may be in another process's hands; never on the embedded bus. */
  mayBeElsewhere(name: string): boolean {
    return !this.alone && !this.entries.has(name);
  }

  /** How many processes take part in something: each holds `<group>/<its own name>`. */
  async members(group: string): Promise<number> {
    if (this.alone) return 1;
    await this.take(`${group}/${this.owner}`);
    // `0` is the letter after `/`.
    const rows = await this.database.query<{ name: string }>(
      `SELECT name FROM ${this.table} WHERE name >= ? AND name < ? AND expires_at > ? AND owner <> ''`,
      [`${group}/`, `${group}0`, toDbTime(this.clock.now())],
    );
    return Math.max(1, rows.length);
  }

  private handle(name: string, entry: Entry): Held {
    return {
      name,
      signal: entry.control.signal,
      assert: async (tx) => {
        if (entry.lease !== null) await this.leases.assertHeld(tx, entry.lease);
      },
    };
  }

  private renewAll(): void {
    this.renewing ??= this.renew().finally(() => (this.renewing = null));
  }

  private async renew(): Promise<void> {
    const from = performance.now();
    const held = [...this.entries];
    try {
      const renewed = await this.leases.renew(
        held.flatMap(([, { lease }]) => lease ?? []),
        TTL_MS,
      );
      for (const [name, entry] of held) {
        if (renewed.has(name)) entry.validUntil = from + TTL_MS;
        // Gone to another process in between, even if it came back.
        else this.lose(name, entry);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'leases cannot be renewed now');
      for (const [name, entry] of held) if (performance.now() >= entry.validUntil) this.lose(name, entry);
    }
  }

  private lose(name: string, entry: Entry): void {
    if (this.entries.get(name) === entry) this.entries.delete(name);
    entry.control.abort();
  }
}
