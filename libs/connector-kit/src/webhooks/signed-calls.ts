import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { hashParts } from '@huiliu/platform';
import { Clock, Database, isDuplicateKey, toDbTime } from '@huiliu/storage';
import { connectorPrefix, HOST_OPTIONS, type HostOptions } from '../host-options';
import type { SignedCall } from '../contract/context';
import { WebhookRefusal } from '../contract/errors';

/** How far a timestamp may be off, either way. */
export const MAX_SKEW_MS = 600_000;
/** Longer than a signature can be of use. */
const KEEP_MS = 2 * MAX_SKEW_MS + 600_000;
const PRUNE_EVERY_MS = 300_000;
const MOST_IN_MEMORY = 50_000;

interface Waiting {
  readonly key: string;
  readonly hash: string;
  readonly resolve: (known: string | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Remembers signed calls by (account, timestamp, nonce, signature) with the SHA-256 of their body, for all processes of the app. */
@Injectable()
export class SignedCalls implements OnApplicationShutdown {
  private readonly logger = new Logger('SignedCalls');
  private readonly table: string;
  private readonly recent = new Map<string, string>();
  private waiting: Waiting[] = [];
  private asking = false;
  private readonly pruning: NodeJS.Timeout;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    this.table = `${connectorPrefix(options.app)}_signed_calls`;
    this.pruning = setInterval(() => void this.prune(), PRUNE_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.pruning);
  }

  /** `first`, or `repeat` for the same body again. Refuses another body under a known signature, and a time too far off. */
  async admit(accountId: string, call: SignedCall): Promise<'first' | 'repeat'> {
    if (!(Math.abs(this.clock.now().getTime() - call.timestampMs) <= MAX_SKEW_MS))
      throw new WebhookRefusal('unauthorized', 'the timestamp is more than ten minutes off');
    const key = hashParts([accountId, call.timestamp, call.nonce, call.signature]).toString('base64url');
    const hash = createHash('sha256').update(call.body).digest('base64url');
    const known = this.recent.get(key) ?? (await this.ask(key, hash));
    this.remember(key, known ?? hash);
    if (known === null) return 'first';
    if (known !== hash) throw new WebhookRefusal('unauthorized', 'this signature came before with another body');
    return 'repeat';
  }

  private remember(key: string, hash: string): void {
    if (this.recent.size >= MOST_IN_MEMORY) this.recent.delete(this.recent.keys().next().value as string);
    this.recent.set(key, hash);
  }

  /** The hash that was known before; null when there was none. Calls that come together share a transaction. */
  private ask(key: string, hash: string): Promise<string | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, hash, resolve, reject });
      if (!this.asking) void this.askAll();
    });
  }

  private async askAll(): Promise<void> {
    this.asking = true;
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, 200);
      try {
        const answers = await this.record(batch);
        for (const [n, one] of batch.entries()) one.resolve(answers[n] ?? null);
      } catch (error) {
        // Better to take a webhook on this process's memory alone than to lose it: what it says is deduplicated anyway.
        this.logger.warn({ err: error }, 'signed calls cannot be shared now');
        for (const one of batch) one.resolve(null);
      }
    }
    this.asking = false;
  }

  private async record(batch: readonly Waiting[], again = true): Promise<(string | null)[]> {
    try {
      return await this.database.transaction(async (tx) => {
        const keys = [...new Set(batch.map((one) => one.key))];
        const rows = await tx.query<{ call_key: string; body_hash: string }>(
          `SELECT call_key, body_hash FROM ${this.table} WHERE call_key IN (${keys.map(() => '?').join(', ')})`,
          keys,
        );
        const known = new Map(rows.map((row) => [row.call_key, row.body_hash]));
        const fresh = new Map<string, string>();
        const answers = batch.map(({ key, hash }) => {
          const before = known.get(key) ?? fresh.get(key) ?? null;
          if (before === null) fresh.set(key, hash);
          return before;
        });
        const now = toDbTime(this.clock.now());
        if (fresh.size > 0)
          await tx.insertMany(
            this.table,
            ['call_key', 'body_hash', 'seen_at'],
            [...fresh].map(([key, hash]) => [key, hash, now]),
          );
        return answers;
      });
    } catch (error) {
      // Another process recorded one of them in between: it is found now.
      if (again && isDuplicateKey(error)) return this.record(batch, false);
      throw error;
    }
  }

  private async prune(): Promise<void> {
    try {
      const before = toDbTime(new Date(this.clock.now().getTime() - KEEP_MS));
      await this.database.transaction((tx) => tx.execute(`DELETE FROM ${this.table} WHERE seen_at < ?`, [before]));
    } catch (error) {
      this.logger.warn({ err: error }, 'old signed calls cannot be removed now');
    }
  }
}
