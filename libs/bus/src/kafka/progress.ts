import { deriveId } from '@huiliu/platform';
import type { HandledEvents, Tx } from '@huiliu/storage';
import type { ParkedScope } from '../engine/parked-row';
import type { ParkedStore } from '../engine/parked-store';
import { KeyParked, type Progress } from '../engine/progress';
import type { Entry } from '../engine/record';

/** What was handled, by the events' ids: a record may be delivered again after a rebalance, or be in the topic twice. */
export class HandledProgress implements Progress {
  /** Offsets are the broker's; a batch whose handler claims nothing needs no row. */
  readonly persists = false;
  private readonly claimant: string;

  constructor(
    private readonly handled: HandledEvents,
    private readonly parked: ParkedStore,
    private readonly scope: ParkedScope,
  ) {
    // One group may get one event in two topics.
    this.claimant = `${scope.group}/${scope.topic}`;
    if (this.claimant.length > 100) throw new Error(`${this.claimant}: too long to be noted (100 characters)`);
  }

  async claim(tx: Tx, entries: readonly Entry[]): Promise<readonly Entry[]> {
    const fresh = await this.setAside(tx, entries);
    if (fresh.length === entries.length) return fresh;
    // Where an event was noted before, its key may have been parked since by the process that had the partition: nothing of it may go on.
    const isFresh = new Set(fresh);
    const keys = new Set(entries.filter((entry) => !isFresh.has(entry)).map((entry) => entry.key));
    if (await this.parked.anyParked(tx, this.scope, [...keys])) throw new KeyParked();
    return fresh;
  }

  async setAside(tx: Tx, entries: readonly Entry[]): Promise<readonly Entry[]> {
    const ids = new Map<Entry, string>();
    for (const entry of entries) ids.set(entry, idOf(entry));
    const fresh = await this.handled.claim(tx, this.claimant, [...ids.values()]);
    // Of two records with one id the first counts.
    return entries.filter((entry) => fresh.delete(ids.get(entry)!));
  }
}

/** The event's id; of what is no event, one made of its place and bytes. */
function idOf(entry: Entry): string {
  if (entry.delivery) return entry.delivery.envelope.id;
  const { value } = entry.record;
  const bytes = value === null ? '' : typeof value === 'string' ? value : Buffer.from(value).toString('base64');
  return deriveId('undecodable', entry.topic.name, String(entry.partition), entry.offset, bytes);
}
