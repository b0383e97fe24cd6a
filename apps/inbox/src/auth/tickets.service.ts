import { Injectable } from '@nestjs/common';
import { newToken } from '@huiliu/platform';
import { Clock, Database, toDbTime, type Row } from '@huiliu/storage';
import { tokenHash } from './token-hash';

export type TicketPurpose = 'ws' | 'attachment';

/** What a ticket lets its holder do, for whom, and by which login it was asked for. */
export interface Ticket {
  readonly subjectId: string;
  readonly agentId: string;
  readonly tokenHash: string;
}

/** Short-lived tickets for what cannot carry a bearer token: sockets and downloads. Shared by all processes; only hashes are kept. */
@Injectable()
export class TicketsService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async issue(purpose: TicketPurpose, ticket: Ticket, ttlMs: number): Promise<{ ticket: string; expiresAt: Date }> {
    const secret = newToken();
    const expiresAt = new Date(this.clock.now().getTime() + ttlMs);
    await this.db.transaction((tx) =>
      tx.insertMany(
        'inbox_tickets',
        ['ticket_hash', 'purpose', 'subject_id', 'agent_id', 'token_hash', 'expires_at'],
        [[tokenHash(secret), purpose, ticket.subjectId, ticket.agentId, ticket.tokenHash, toDbTime(expiresAt)]],
      ),
    );
    return { ticket: secret, expiresAt };
  }

  /** Uses a ticket up; null when unknown, used before, or too old. */
  async redeem(secret: string, purpose: TicketPurpose): Promise<Ticket | null> {
    const found = await this.find(secret, purpose);
    if (found === null) return null;
    // Of several that found it, the one that deletes it has it.
    const { affected } = await this.db.transaction((tx) =>
      tx.execute('DELETE FROM inbox_tickets WHERE ticket_hash = ?', [tokenHash(secret)]),
    );
    return affected === 1 ? found : null;
  }

  /** Reads a ticket that may be used until it runs out. */
  async find(secret: string, purpose: TicketPurpose): Promise<Ticket | null> {
    const [row] = await this.db.query<Row>(
      'SELECT subject_id, agent_id, token_hash FROM inbox_tickets WHERE ticket_hash = ? AND purpose = ? AND expires_at > ?',
      [tokenHash(secret), purpose, toDbTime(this.clock.now())],
    );
    if (row === undefined) return null;
    return { subjectId: String(row.subject_id), agentId: String(row.agent_id), tokenHash: String(row.token_hash) };
  }

  /** Removes tickets and tokens that have run out. */
  async sweep(): Promise<void> {
    const now = toDbTime(this.clock.now());
    await this.db.transaction(async (tx) => {
      await tx.execute('DELETE FROM inbox_tickets WHERE expires_at <= ?', [now]);
      await tx.execute('DELETE FROM inbox_tokens WHERE expires_at <= ?', [now]);
    });
  }
}
