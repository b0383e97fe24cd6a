import { Injectable } from '@nestjs/common';
import { breaks, newId } from '@huiliu/platform';
import { Clock, Database, isDuplicateKey, toDbTime, type Tx } from '@huiliu/storage';

interface EpochRow {
  epoch: number;
  owner: string;
  beat_at: string;
}

/** Thrown inside a transaction of a writer that another has replaced: nothing of it is written. */
export class StaleEpoch extends Error {
  constructor() {
    super('another routing process has taken over');
  }
}

/** A writer that is silent for so long is taken for dead, ms. */
export const SILENCE_MS = 10_000;

/** Who writes routing's decisions: one process at a time, by a fencing number in the database. */
@Injectable()
export class Epoch {
  private readonly owner = newId();
  private mine: number | null = null;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  active(): boolean {
    return this.mine !== null;
  }

  /** Becomes the writer, whoever was before. For the process to which the bus gives `routing.work`. */
  async take(): Promise<void> {
    this.mine = await this.database
      .transaction(async (tx) => {
        const beat = toDbTime(this.clock.now());
        const [row] = await this.lockRow(tx);
        if (row === undefined) {
          await tx.insertMany('routing_epoch', ['id', 'epoch', 'owner', 'beat_at'], [[1, 1, this.owner, beat]]);
          return 1;
        }
        await tx.execute('UPDATE routing_epoch SET epoch = ?, owner = ?, beat_at = ? WHERE id = 1', [
          row.epoch + 1,
          this.owner,
          beat,
        ]);
        return row.epoch + 1;
      })
      .catch((error: unknown) => {
        if (isDuplicateKey(error)) return null;
        throw error;
      });
    if (this.mine === null) await this.take();
  }

  /** Becomes the writer only where nobody has given a sign of life for `SILENCE_MS`. */
  async takeIfSilent(): Promise<boolean> {
    const [row] = await this.database.query<EpochRow>('SELECT epoch, owner, beat_at FROM routing_epoch WHERE id = 1');
    if (row !== undefined && row.beat_at > toDbTime(new Date(this.clock.now().getTime() - SILENCE_MS))) return false;
    await this.take();
    return true;
  }

  /** Fails the transaction unless this process still is the writer; gives a sign of life. */
  async assertMine(tx: Tx): Promise<void> {
    const [row] = await this.lockRow(tx);
    if (!breaks('routing-epoch') && (this.mine === null || row?.epoch !== this.mine)) {
      this.mine = null;
      throw new StaleEpoch();
    }
    await tx.execute('UPDATE routing_epoch SET beat_at = ? WHERE id = 1', [toDbTime(this.clock.now())]);
  }

  private lockRow(tx: Tx): Promise<EpochRow[]> {
    const lock = tx.dialect === 'mysql' ? ' FOR UPDATE' : '';
    return tx.query<EpochRow>(`SELECT epoch, owner, beat_at FROM routing_epoch WHERE id = 1${lock}`);
  }
}
