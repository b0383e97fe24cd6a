import { ulid } from 'ulid';
import type { Clock } from '../clock';
import { fromDbTime } from '../clock';
import type { Database } from '../database';
import type { OutboxRecord } from '../outbox';
import { Alarm } from './alarm';
import { Backlog, type Unsent } from './backlog';
import { Group } from './group';
import { ShardShare } from './shard-share';
import { SHARDS, type TableOutbox } from './table-outbox';

/** Resolves when all records are durable on the bus, published in the order given; otherwise rejects. */
export type PublishRecords = (records: readonly OutboxRecord[]) => Promise<void>;

export interface RelayOptions {
  readonly pollMs?: number;
  readonly leaseMs?: number;
  readonly batch?: number;
  /** Shards are spread over so many groups; each has at most one batch on its way. */
  readonly groups?: number;
}

/** What is sent is deleted so long after, many a time: no record waits for the deletion of the one before. */
const DELETE_AFTER_MS = 100;
/** More rows that are sent and not deleted, and sending waits: each of them is read again with what is to be sent. */
const MOST_SENT = 2_000;
/** While shards change hands their records wait: both sides look again so soon. */
const HAND_OVER_MS = 250;
/** A process that shares its outbox with no other looks so many times more rarely. */
const ALONE = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Sends what transactions left in `<prefix>_outbox`, each shard's lowest unsent `n` first, and deletes it once the bus has it. Always
 * "what is not sent", never "what lies behind the last": a lower `n` may be committed after a higher one. A shard is
 * sent by the process that holds its lease. An owner that was stopped and wakes late repeats what the next one has sent already, which
 * consumers recognise by its id; it cannot send anything ahead of its turn.
 */
export class OutboxRelay {
  private readonly table: string;
  private readonly share: ShardShare;
  private readonly groups: readonly Group[];
  private readonly heart = new Alarm();
  private readonly pollMs: number;
  private readonly leaseMs: number;
  private readonly backlog: Backlog;
  private publish: PublishRecords | null = null;
  private heartbeat: Promise<void> | null = null;
  private loops: Promise<unknown> | null = null;
  private state: 'idle' | 'running' | 'draining' | 'stopped' = 'idle';
  private leaseError: unknown = null;
  private sendError: unknown = null;

  constructor(
    private readonly database: Database,
    private readonly outbox: TableOutbox,
    prefix: string,
    private readonly clock: Clock,
    options: RelayOptions = {},
  ) {
    this.table = `${prefix}_outbox`;
    this.pollMs = options.pollMs ?? 200;
    this.leaseMs = options.leaseMs ?? 10_000;
    this.backlog = new Backlog(database, outbox, this.table, options.batch ?? 500);
    const groups = options.groups ?? 2;
    const all = Array.from({ length: SHARDS }, (_, shard) => shard);
    this.groups = Array.from(
      { length: groups },
      (_, group) => new Group(all.filter((shard) => shard % groups === group)),
    );
    this.share = new ShardShare(database, prefix, clock, ulid(), this.leaseMs);
    outbox.onAdded((tx, shards) => {
      for (const group of this.groupsOf(shards)) this.backlog.lookWith(tx, group, this.shardsOf(group));
    });
    outbox.onCommitted((shards) => {
      for (const group of this.groupsOf(shards)) {
        group.rings++;
        group.alarm.ring();
      }
    });
  }

  /** Begins to send through `publish`; never two batches of one group at once. */
  start(publish: PublishRecords): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.publish = publish;
    this.heartbeat = this.beat();
    this.loops = Promise.all(this.groups.map((group) => this.send(group)));
  }

  /** Sends what is there, lets the shards go and ends; after `timeoutMs` what is left stays for the next owner. */
  async stop(timeoutMs: number = 5_000): Promise<void> {
    if (this.state === 'running') {
      this.state = 'draining';
      this.ringAll();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)));
      await Promise.race([this.loops, late]);
      clearTimeout(timer);
      this.state = 'stopped';
      this.heart.ring();
      this.ringAll();
      for (const group of this.groups) {
        group.patience.ring();
        group.broom.ring();
      }
    }
    await this.heartbeat;
  }

  /** Whether, when the leases were last renewed, no other process shared this outbox. */
  get alone(): boolean {
    return this.share.alone;
  }

  /** How many records wait to be sent, and for how long the oldest has. */
  async stats(): Promise<{ backlog: number; oldestMs: number }> {
    const [count] = await this.database.query<{ backlog: number }>(`SELECT COUNT(*) AS backlog FROM ${this.table}`);
    const [oldest] = await this.database.query<{ created_at: string }>(
      `SELECT created_at FROM ${this.table} ORDER BY n LIMIT 1`,
    );
    return {
      backlog: count?.backlog ?? 0,
      oldestMs:
        oldest === undefined ? 0 : Math.max(0, this.clock.now().getTime() - Date.parse(fromDbTime(oldest.created_at))),
    };
  }

  /** What keeps records from being sent, or null. */
  trouble(): string | null {
    const error = this.leaseError ?? this.sendError;
    if (error === null) return null;
    return `outbox: ${error instanceof Error ? error.message : 'an unknown error'}`;
  }

  /** Keeps the leases, three times in the time for which they hold; more often while shards change hands. */
  private async beat(): Promise<void> {
    while (this.state !== 'stopped') {
      let settled = true;
      try {
        const before = this.owned();
        settled = await this.share.renew((shard) => this.groups.some((group) => group.isBusy(shard)));
        if (this.owned() !== before) this.ringAll();
        this.leaseError = null;
      } catch (error) {
        this.leaseError = error;
      }
      await this.heart.wait(settled ? this.leaseMs / 3 : Math.min(HAND_OVER_MS, this.leaseMs / 3));
    }
    try {
      await this.share.release();
    } catch {
      // They run out by themselves.
    }
  }

  private async send(group: Group): Promise<void> {
    while (this.state !== 'stopped') {
      try {
        const { rows, isAll } = await this.backlog.next(group, this.shardsOf(group));
        if (rows.length > 0) await this.forward(group, rows);
        group.failures = 0;
        if (this.groups.every((each) => each.failures === 0)) this.sendError = null;
        // What this process has committed since has rung; of other processes there may be more.
        if (rows.length > 0 && !(isAll && this.share.alone && this.state === 'running')) continue;
        if (this.state === 'draining') return await this.swept(group);
        // Its own commits ring: who is alone looks only for what an earlier process has left.
        group.rests = true;
        await group.alarm.wait(this.share.alone ? this.pollMs * ALONE : this.pollMs);
        group.rests = false;
      } catch (error) {
        await this.backOff(group, error);
      }
    }
  }

  private shardsOf(group: Group): number[] {
    return group.shards.filter((shard) => this.share.owns(shard));
  }

  private async forward(group: Group, rows: readonly Unsent[]): Promise<void> {
    // The lease may have run out while the database answered.
    if (!rows.every((row) => this.share.owns(row.shard))) return;
    for (const row of rows) group.inFlight.add(row.shard);
    try {
      await this.publish!(rows.map(({ record }) => record));
      for (const { n, id, shard } of rows) group.sent.set(n, { n, id, shard });
      group.last = Math.max(group.last, ...rows.map((row) => row.n));
    } finally {
      group.inFlight.clear();
    }
    this.sweep(group);
    if (group.sent.size >= MOST_SENT) await group.deleting;
  }

  /** Sees that what is sent is deleted, also what came just as the deleting ended. */
  private sweep(group: Group): void {
    group.deleting ??= this.deleteSent(group).finally(() => {
      group.deleting = null;
      if (group.sent.size > 0 && this.state !== 'stopped') this.sweep(group);
    });
  }

  private async swept(group: Group): Promise<void> {
    while (group.deleting !== null) await group.deleting;
  }

  /** Deletes what the bus has. Tried until it works; meanwhile it is known and not sent again. */
  private async deleteSent(group: Group): Promise<void> {
    for (let failures = 0; group.sent.size > 0;) {
      if (this.state === 'running' && group.sent.size < MOST_SENT / 2) await group.broom.wait(DELETE_AFTER_MS);
      const rows = [...group.sent.values()];
      try {
        await this.delete(rows.map(({ n }) => n));
        this.outbox.forget(rows.map(({ id }) => id));
        for (const { n } of rows) group.sent.delete(n);
        group.forgotten++;
        failures = 0;
      } catch (error) {
        // It stays for the next owner, who sends it again.
        if (this.state === 'stopped') return;
        this.sendError = error;
        await group.broom.wait(pauseMs(failures++));
      }
    }
  }

  private async delete(numbers: readonly number[]): Promise<void> {
    const ns = [...numbers].sort((a, b) => a - b);
    const first = ns[0]!;
    const last = ns[ns.length - 1]!;
    // Where the numbers have no gap, every row between the first and the last is one of these.
    const which = last - first === ns.length - 1 ? `BETWEEN ${first} AND ${last}` : `IN (${ns.join(', ')})`;
    await this.database.transaction((tx) => tx.execute(`DELETE FROM ${this.table} WHERE n ${which}`));
  }

  private async backOff(group: Group, error: unknown): Promise<void> {
    this.sendError = error;
    await group.patience.wait(pauseMs(group.failures++));
  }

  private owned(): string {
    return this.groups.map((group) => this.shardsOf(group).join()).join();
  }

  private groupsOf(shards: ReadonlySet<number>): Group[] {
    return this.groups.filter((group) => group.shards.some((shard) => shards.has(shard)));
  }

  private ringAll(): void {
    for (const group of this.groups) group.alarm.ring();
  }
}

const pauseMs = (failures: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, failures)) * (0.5 + Math.random());
