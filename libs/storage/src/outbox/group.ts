import { Alarm } from './alarm';

/** A record in its place. */
export interface OutboxRow {
  readonly n: number;
  readonly id: string;
  readonly shard: number;
}

/** A look at the table that went with a commit, and how things stood when it was asked for. */
interface Seen {
  readonly rows: readonly OutboxRow[];
  readonly shards: readonly number[];
  readonly rings: number;
  readonly forgotten: number;
  readonly most: number;
}

/** One group of shards: what is on its way, and from which shard the next batch begins. */
export class Group {
  /** Rung by commits. */
  readonly alarm = new Alarm();
  /** Rung by nothing but the end: commits must not cut a back-off short. */
  readonly patience = new Alarm();
  readonly inFlight = new Set<number>();
  /** What the bus has and the table still holds. */
  readonly sent = new Map<number, OutboxRow>();
  /** How often something was taken out of `sent`. */
  forgotten = 0;
  /** How often it was rung. */
  rings = 0;
  /** Nothing is on its way, and the next commit wakes it. */
  rests = false;
  /** What the commit saw that woke it. */
  seen: Seen | null = null;
  deleting: Promise<void> | null = null;
  /** Rung by nothing but the end. */
  readonly broom = new Alarm();
  cursor = 0;
  failures = 0;
  /** Only where the promise is broken on purpose: the last row that was sent. */
  last = 0;

  constructor(readonly shards: readonly number[]) {}

  /** Whether something of a shard is on its way, or sent and not deleted: the next owner would send it again. */
  isBusy(shard: number): boolean {
    return this.inFlight.has(shard) || [...this.sent.values()].some((row) => row.shard === shard);
  }
}
