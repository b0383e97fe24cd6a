import { breaks } from '@huiliu/platform';
import type { Clock } from './clock';
import { toDbTime } from './clock';
import type { Database, SqlValue, Tx } from './database';
import { isDuplicateKey } from './errors';
import type { SchemaModule } from './migrations';
import { Pruner } from './pruner';
import { createTables } from './table';

/** Longer than the week for which topics keep their records: what is forgotten here cannot be delivered any more. */
const KEEP_MS = 8 * 24 * 3600 * 1000;
const AT_ONCE = 1000;
const CLAIM_ATTEMPTS = 5;

export function handledSchema(prefix: string): SchemaModule {
  const table = {
    name: `${prefix}_handled`,
    columns: { group_name: { type: 'str(100)' }, event_id: { type: 'id' }, handled_at: { type: 'time' } },
    primary: ['group_name', 'event_id'],
    index: [['handled_at']],
  } as const;
  return { prefix, steps: [createTables('20261123-01-handled', [table])] };
}

/** What is claimed in this turn, and what of it was new. */
interface Claim {
  readonly wanted: Set<string>;
  readonly fresh: Promise<Set<string>>;
}

/** Which events a consumer group has handled: written in the transaction of their effects, so that both are there or neither. */
export class HandledEvents {
  private readonly table: string;
  private readonly pruner: Pruner;
  private readonly open = new WeakMap<Tx, Map<string, Claim>>();

  constructor(
    private readonly database: Database,
    prefix: string,
    private readonly clock: Clock,
  ) {
    this.table = `${prefix}_handled`;
    this.pruner = new Pruner(() => this.prune());
  }

  /**
   * Records `ids` as handled by `group` and answers those that had not been before. Claims that are made in one turn of a transaction share
   * a statement; of two that name one id the first has it.
   */
  async claim(tx: Tx, group: string, ids: readonly string[]): Promise<Set<string>> {
    const open = this.open.get(tx) ?? new Map<string, Claim>();
    this.open.set(tx, open);
    let claim = open.get(group);
    if (claim === undefined) {
      const wanted = new Set<string>();
      const fresh = Promise.resolve().then(() => {
        open.delete(group);
        // A collection of young garbage keeps what a WeakMap holds, whatever has become of its key.
        if (open.size === 0) this.open.delete(tx);
        return this.insert(tx, group, wanted);
      });
      open.set(group, (claim = { wanted, fresh }));
    }
    for (const id of ids) claim.wanted.add(id);
    const fresh = await claim.fresh;
    return new Set(ids.filter((id) => fresh.delete(id) || breaks('handled')));
  }

  private async insert(tx: Tx, group: string, ids: ReadonlySet<string>): Promise<Set<string>> {
    const now = toDbTime(this.clock.now());
    // In one order for all: two consumers that claim the same events must not wait for each other in a circle.
    let fresh = [...ids].sort();
    for (let attempt = 1; fresh.length > 0; attempt++) {
      try {
        await tx.insertMany(
          this.table,
          ['group_name', 'event_id', 'handled_at'],
          fresh.map((id) => [group, id, now]),
        );
        break;
      } catch (error) {
        if (!isDuplicateKey(error) || attempt >= CLAIM_ATTEMPTS) throw error;
        const known = await this.known(tx, group, fresh);
        fresh = fresh.filter((id) => !known.has(id));
      }
    }
    return new Set(fresh);
  }

  /** Forgets what was handled more than eight days ago; answers how many. */
  async prune(): Promise<number> {
    const before = toDbTime(new Date(this.clock.now().getTime() - KEEP_MS));
    let pruned = 0;
    for (;;) {
      // A bounded number at a time: a long DELETE would hold up the consumers.
      const [last] = await this.database.query<{ handled_at: string }>(
        `SELECT handled_at FROM ${this.table} WHERE handled_at < ? ORDER BY handled_at LIMIT 1 OFFSET ${AT_ONCE - 1}`,
        [before],
      );
      const bound = last === undefined ? `handled_at < ?` : `handled_at <= ?`;
      const { affected } = await this.database.transaction((tx) =>
        tx.execute(`DELETE FROM ${this.table} WHERE ${bound}`, [last?.handled_at ?? before]),
      );
      pruned += affected;
      if (last === undefined) return pruned;
    }
  }

  /** Prunes now and then, in the background. */
  startPruning(): void {
    this.pruner.start();
  }

  async stopPruning(): Promise<void> {
    await this.pruner.stop();
  }

  private async known(tx: Tx, group: string, ids: readonly string[]): Promise<Set<string>> {
    const params: SqlValue[] = [group, ...ids];
    const rows = await tx.query<{ event_id: string }>(
      `SELECT event_id FROM ${this.table} WHERE group_name = ? AND event_id IN (${ids.map(() => '?').join(', ')})`,
      params,
    );
    return new Set(rows.map((row) => row.event_id));
  }
}
