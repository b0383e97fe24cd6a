import type { Tail } from '../bus';
import type { RawRecord } from '../engine/record';

export interface SignalLineOptions {
  readonly send: (value: string) => Promise<void>;
  readonly follow: (onRaw: (records: readonly RawRecord[]) => void) => Promise<Tail>;
  readonly warn: (message: string) => void;
}

/** More than so many on their way: the next are dropped. */
const MOST_AT_ONCE = 200;

/** Passing signals over a topic of a minute: sent without order, read from the end while somebody listens. */
export class SignalLine {
  private readonly listeners = new Set<(signal: unknown) => void>();
  private following: Promise<Tail | null> | null = null;
  private inFlight = 0;
  private closed = false;

  constructor(private readonly options: SignalLineOptions) {}

  send(signal: unknown): void {
    if (this.closed || this.inFlight >= MOST_AT_ONCE) return;
    this.inFlight++;
    void this.options
      .send(JSON.stringify(signal))
      // Best effort: nobody waits for it.
      .catch(() => undefined)
      .finally(() => this.inFlight--);
  }

  listen(listener: (signal: unknown) => void): () => void {
    this.listeners.add(listener);
    this.following ??= this.follow();
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    await (await this.following)?.close();
  }

  private async follow(): Promise<Tail | null> {
    while (!this.closed) {
      try {
        return await this.options.follow((records) => this.hand(records));
      } catch (error) {
        this.options.warn(`signals are not heard yet: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    return null;
  }

  private hand(records: readonly RawRecord[]): void {
    for (const { value } of records) {
      if (value === null) continue;
      let signal: unknown;
      try {
        signal = JSON.parse(Buffer.from(value as Uint8Array).toString('utf8'));
      } catch {
        continue;
      }
      for (const listener of this.listeners) {
        try {
          listener(signal);
        } catch (error) {
          this.options.warn(`a listener to signals failed: ${String(error)}`);
        }
      }
    }
  }
}
