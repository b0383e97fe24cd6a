import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Signal } from '@huiliu/contracts';
import { MessageBus } from '@huiliu/bus';
import { newToken } from '@huiliu/platform';
import { Clock, Database, fromDbTime, toDbTime, type Row, type Tx } from '@huiliu/storage';
import { tokenHash } from './token-hash';

/** How long a login lasts. */
export const TOKEN_DAYS = 7;
/** How long a token may be believed without asking the database; a lost signal costs no more than this. */
const CACHE_MS = 5_000;
const MAX_CACHED = 10_000;

/** Whose token it is, as far as tokens go. */
export interface TokenOwner {
  readonly agentId: string;
  readonly tokenHash: string;
}

/** `tokenHash: null`: every token of this agent. */
export interface TokensEnded {
  readonly agentId: string;
  readonly tokenHash: string | null;
}

/**
 * Login tokens: opaque, 256 random bits, only their SHA-256 kept, gone from the database once they end. A small cache of good
 * tokens is emptied by the signal that tokens have ended, here at once and in other processes as it arrives.
 */
@Injectable()
export class TokensService implements OnModuleInit, OnModuleDestroy {
  private readonly cache = new Map<string, { agentId: string; until: number }>();
  private readonly listeners = new Set<(ended: TokensEnded) => void>();
  /** Grows when tokens end: a look-up that was under way then must not be cached. */
  private epoch = 0;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly bus: MessageBus,
  ) {}

  onModuleInit(): void {
    this.stopListening = this.bus.onSignal((signal) => {
      const parsed = Signal.safeParse(signal);
      if (parsed.success && parsed.data.type === 'agent.signed_out') this.forget(parsed.data);
    });
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  /** Issues a token; the caller shows it once. */
  async issue(tx: Tx, agentId: string): Promise<string> {
    const token = newToken();
    const now = this.clock.now();
    const expires = new Date(now.getTime() + TOKEN_DAYS * 86_400_000);
    await tx.insertMany(
      'inbox_tokens',
      ['token_hash', 'agent_id', 'created_at', 'expires_at'],
      [[tokenHash(token), agentId, toDbTime(now), toDbTime(expires)]],
    );
    return token;
  }

  /** Whose token this is; null when unknown, ended or run out. */
  owner(token: string): Promise<TokenOwner | null> {
    return this.ownerOfHash(tokenHash(token));
  }

  async ownerOfHash(hash: string): Promise<TokenOwner | null> {
    const now = this.clock.now().getTime();
    const cached = this.cache.get(hash);
    if (cached && cached.until > now) return { agentId: cached.agentId, tokenHash: hash };
    const epoch = this.epoch;
    const [row] = await this.db.query<Row>('SELECT agent_id, expires_at FROM inbox_tokens WHERE token_hash = ?', [
      hash,
    ]);
    const expires = row === undefined ? 0 : Date.parse(fromDbTime(String(row.expires_at)));
    if (row === undefined || expires <= now) return null;
    const agentId = String(row.agent_id);
    if (epoch === this.epoch) this.remember(hash, agentId, Math.min(expires, now + CACHE_MS));
    return { agentId, tokenHash: hash };
  }

  /** Of these tokens, those that still hold, asked of the database. */
  async stillGood(hashes: readonly string[]): Promise<ReadonlySet<string>> {
    if (hashes.length === 0) return new Set();
    const rows = await this.db.query<Row>(
      `SELECT token_hash FROM inbox_tokens WHERE expires_at > ? AND token_hash IN (${hashes.map(() => '?').join(', ')})`,
      [toDbTime(this.clock.now()), ...hashes],
    );
    return new Set(rows.map((row) => String(row.token_hash)));
  }

  /** Ends one token or, without `hash`, all of an agent: their sockets close too, in every process, once this is committed. */
  async end(tx: Tx, agentId: string, hash: string | null = null): Promise<void> {
    if (hash === null) await tx.execute('DELETE FROM inbox_tokens WHERE agent_id = ?', [agentId]);
    else await tx.execute('DELETE FROM inbox_tokens WHERE token_hash = ? AND agent_id = ?', [hash, agentId]);
    tx.afterCommit(() => {
      this.forget({ agentId, tokenHash: hash });
      this.bus.signal({ type: 'agent.signed_out', agentId, tokenHash: hash } satisfies Signal);
    });
  }

  /** Calls `listener` when tokens have ended, here or elsewhere; perhaps more than once. The answer ends it. */
  onEnded(listener: (ended: TokensEnded) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private remember(hash: string, agentId: string, until: number): void {
    this.cache.set(hash, { agentId, until });
    if (this.cache.size > MAX_CACHED) this.cache.delete(this.cache.keys().next().value as string);
  }

  private forget(ended: TokensEnded): void {
    this.epoch++;
    if (ended.tokenHash !== null) this.cache.delete(ended.tokenHash);
    else for (const [hash, entry] of this.cache) if (entry.agentId === ended.agentId) this.cache.delete(hash);
    for (const listener of this.listeners) listener(ended);
  }
}
