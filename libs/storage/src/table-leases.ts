import { breaks } from '@huiliu/platform';
import type { Clock } from './clock';
import { toDbTime } from './clock';
import type { Database, Tx } from './database';
import { isDuplicateKey } from './errors';
import { type Lease, Leases, StaleLease } from './leases';
import type { SchemaModule } from './migrations';
import { createTables } from './table';

/** The table of leases of one process kind. */
export function leasesSchema(prefix: string): SchemaModule {
  const table = {
    name: `${prefix}_leases`,
    columns: {
      name: { type: 'str(190)' },
      owner: { type: 'str(64)' },
      fence: { type: 'big' },
      expires_at: { type: 'time' },
    },
    primary: ['name'],
  } as const;
  return { prefix, steps: [createTables('20261123-01-leases', [table])] };
}

/** Nobody's: what a released lease is held by. */
const NOBODY = '';

/**
 * Leases by compare-and-set in one row each. Times are our clock's, not the database's: the databases have no common function
 * for a time in milliseconds, and tests hold the clock. Clocks of two machines may differ; then a lease changes hands early or late, but
 * still to one owner at a time, and `fence` keeps the one before from writing. So safety rests on the fence, and only how soon a dead
 * owner is replaced rests on the clocks.
 */
export class TableLeases extends Leases {
  private readonly table: string;

  constructor(
    private readonly database: Database,
    prefix: string,
    private readonly clock: Clock,
  ) {
    super();
    this.table = `${prefix}_leases`;
  }

  override async acquire(name: string, owner: string, ttlMs: number): Promise<Lease | null> {
    try {
      return await this.database.transaction((tx) => this.take(tx, name, owner, ttlMs));
    } catch (error) {
      // Another process made the row between our update and our insert: it has the lease.
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  override async renew(leases: readonly Lease[], ttlMs: number): Promise<ReadonlySet<string>> {
    if (leases.length === 0) return new Set();
    const names = leases.map(({ name }) => name).sort();
    const where = `owner = ? AND name IN (${names.map(() => '?').join(', ')})`;
    const params = [leases[0]!.owner, ...names];
    const rows = await this.database.transaction(async (tx) => {
      const until = toDbTime(new Date(this.clock.now().getTime() + ttlMs));
      await tx.execute(`UPDATE ${this.table} SET expires_at = ? WHERE ${where}`, [until, ...params]);
      return tx.query<{ name: string; fence: number }>(`SELECT name, fence FROM ${this.table} WHERE ${where}`, params);
    });
    const fences = new Map(rows.map(({ name, fence }) => [name, fence]));
    return new Set(leases.filter(({ name, fence }) => fences.get(name) === fence).map(({ name }) => name));
  }

  override async release(lease: Lease): Promise<void> {
    await this.database.transaction((tx) =>
      tx.execute(`UPDATE ${this.table} SET owner = ?, expires_at = ? WHERE name = ? AND owner = ? AND fence = ?`, [
        NOBODY,
        toDbTime(this.clock.now()),
        lease.name,
        lease.owner,
        lease.fence,
      ]),
    );
  }

  /** A lease that ran out but that nobody took still holds: its row, locked here, keeps the next owner waiting for our commit. */
  override async assertHeld(tx: Tx, lease: Lease): Promise<void> {
    if (breaks('lease-fence')) return;
    const [row] = await tx.lock<{ owner: string; fence: number }>(this.table, 'name', [lease.name], ['owner', 'fence']);
    if (row === undefined || row.owner !== lease.owner || row.fence !== lease.fence) throw new StaleLease(lease.name);
  }

  private async take(tx: Tx, name: string, owner: string, ttlMs: number): Promise<Lease | null> {
    const now = this.clock.now();
    const until = toDbTime(new Date(now.getTime() + ttlMs));
    // MySQL assigns from left to right: `fence` is set while `owner` is still the one before.
    const { affected } = await tx.execute(
      `UPDATE ${this.table} SET fence = CASE WHEN owner = ? THEN fence ELSE fence + 1 END, owner = ?, expires_at = ? WHERE name = ? AND (owner = ? OR owner = ? OR expires_at <= ?)`,
      [owner, owner, until, name, owner, NOBODY, toDbTime(now)],
    );
    if (affected > 0) {
      const [row] = await tx.query<{ fence: number }>(`SELECT fence FROM ${this.table} WHERE name = ?`, [name]);
      return { name, owner, fence: row!.fence };
    }
    const held = await tx.query(`SELECT fence FROM ${this.table} WHERE name = ?`, [name]);
    if (held.length > 0) return null;
    await tx.execute(`INSERT INTO ${this.table} (name, owner, fence, expires_at) VALUES (?, ?, 1, ?)`, [
      name,
      owner,
      until,
    ]);
    return { name, owner, fence: 1 };
  }
}
