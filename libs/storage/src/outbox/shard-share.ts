import type { Clock } from '../clock';
import { toDbTime } from '../clock';
import type { Database, Tx } from '../database';
import { SHARDS } from './table-outbox';

const NOBODY = '';
const shardName = (shard: number): string => `outbox/shard/${String(shard).padStart(2, '0')}`;
const memberName = (owner: string): string => `outbox/member/${owner}`;
const SHARD_NAMES = Array.from({ length: SHARDS }, (_, shard) => shardName(shard));

interface LeaseRow {
  readonly name: string;
  readonly owner: string;
  readonly expires_at: string;
}

/**
 * Which shards of the outbox this process sends. Every process keeps a row that says it is alive; each takes its part of the
 * shards: those that are free or whose owner is gone, and lets go of what is more than its part. All of it in one transaction that locks the
 * shards' rows of `<prefix>_leases`.
 */
export class ShardShare {
  private readonly table: string;
  private readonly held = new Set<number>();
  /** More than our part: nothing new is taken from these, and they are let go once nothing of them is on its way. */
  private readonly leaving = new Set<number>();
  private validUntil = 0;
  private everything = false;

  constructor(
    private readonly database: Database,
    prefix: string,
    private readonly clock: Clock,
    private readonly owner: string,
    private readonly ttlMs: number,
  ) {
    this.table = `${prefix}_leases`;
  }

  /** Whether, when the leases were last renewed, no other process was there to commit records that are ours to send. */
  get alone(): boolean {
    return this.everything;
  }

  /** True while this process may send what is in the shard. */
  owns(shard: number): boolean {
    return this.held.has(shard) && !this.leaving.has(shard) && this.clock.now().getTime() < this.validUntil;
  }

  /**
   * Renews what is held and brings it nearer to this process's part. `busy` tells which shards have a batch on its way. Answers whether it has
   * just that part: where not, shards change hands, and until that is done nobody sends what is in them.
   */
  async renew(busy: (shard: number) => boolean): Promise<boolean> {
    const free = new Set([...this.leaving].filter((shard) => !busy(shard)));
    const now = this.clock.now();
    const { mine, part } = await this.database.transaction((tx) => this.rebalance(tx, now, free));
    this.held.clear();
    for (const shard of mine) this.held.add(shard);
    this.leaving.clear();
    for (const shard of [...mine].sort((a, b) => b - a).slice(0, Math.max(0, mine.length - part)))
      this.leaving.add(shard);
    this.validUntil = now.getTime() + this.ttlMs;
    this.everything = mine.length === SHARDS && part === SHARDS;
    return mine.length === part;
  }

  /** Lets go of everything: another process takes it at once. */
  async release(): Promise<void> {
    this.validUntil = 0;
    this.held.clear();
    this.leaving.clear();
    await this.database.transaction(async (tx) => {
      await tx.lock(this.table, 'name', SHARD_NAMES, ['name']);
      await tx.execute(
        `UPDATE ${this.table} SET owner = ?, expires_at = ? WHERE owner = ? AND name IN (${SHARD_NAMES.map(() => '?').join(', ')})`,
        [NOBODY, toDbTime(this.clock.now()), this.owner, ...SHARD_NAMES],
      );
      await tx.execute(`DELETE FROM ${this.table} WHERE name = ?`, [memberName(this.owner)]);
    });
  }

  private async rebalance(tx: Tx, at: Date, free: ReadonlySet<number>): Promise<{ mine: number[]; part: number }> {
    const now = toDbTime(at);
    const until = toDbTime(new Date(at.getTime() + this.ttlMs));
    const rows = await this.lockShards(tx, now);
    await tx.upsertMany(
      this.table,
      ['name', 'owner', 'fence', 'expires_at'],
      [[memberName(this.owner), this.owner, 1, until]],
      ['name'],
      ['expires_at'],
    );
    // A process that died without a word leaves its row behind.
    await tx.execute(
      `DELETE FROM ${this.table} WHERE name >= 'outbox/member/' AND name < 'outbox/member0' AND expires_at <= ?`,
      [now],
    );
    const members = await tx.query<{ owner: string }>(
      `SELECT owner FROM ${this.table} WHERE name >= 'outbox/member/' AND name < 'outbox/member0' ORDER BY name`,
    );
    const place = members.findIndex((member) => member.owner === this.owner);
    const part = Math.floor(SHARDS / members.length) + (place < SHARDS % members.length ? 1 : 0);

    const kept = SHARD_NAMES.filter((_, shard) => rows[shard]!.owner === this.owner && !free.has(shard));
    const open = SHARD_NAMES.filter(
      (_, shard) =>
        rows[shard]!.owner === NOBODY || (rows[shard]!.owner !== this.owner && rows[shard]!.expires_at <= now),
    );
    const taken = open.slice(0, Math.max(0, part - kept.length));
    await this.write(tx, 'expires_at = ?', [until], kept);
    await this.write(tx, 'owner = ?, fence = fence + 1, expires_at = ?', [this.owner, until], taken);
    await this.write(
      tx,
      'owner = ?, expires_at = ?',
      [NOBODY, now],
      SHARD_NAMES.filter((_, shard) => rows[shard]!.owner === this.owner && free.has(shard)),
    );
    return { mine: [...kept, ...taken].map((name) => SHARD_NAMES.indexOf(name)), part };
  }

  /** The rows of all shards, in their order, made where they are missing. */
  private async lockShards(tx: Tx, now: string): Promise<LeaseRow[]> {
    const columns = ['name', 'owner', 'expires_at'];
    const rows = await tx.lock<LeaseRow>(this.table, 'name', SHARD_NAMES, columns);
    if (rows.length === SHARDS) return rows;
    await tx.upsertMany(
      this.table,
      ['name', 'owner', 'fence', 'expires_at'],
      SHARD_NAMES.map((name) => [name, NOBODY, 0, now]),
      ['name'],
      [],
    );
    return tx.lock<LeaseRow>(this.table, 'name', SHARD_NAMES, columns);
  }

  private async write(tx: Tx, set: string, params: readonly string[], names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await tx.execute(`UPDATE ${this.table} SET ${set} WHERE name IN (${names.map(() => '?').join(', ')})`, [
      ...params,
      ...names,
    ]);
  }
}
