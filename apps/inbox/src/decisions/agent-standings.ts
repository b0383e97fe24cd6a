import { Injectable } from '@nestjs/common';
import type { Presence } from '@huiliu/contracts';
import type { Row, Tx } from '@huiliu/storage';
import { ConversationsRepository } from '../conversations/conversations.repository';
import type { AgentStanding } from './domain/decide';

/** Reads how much agents have and may take, with their rows locked. */
@Injectable()
export class AgentStandings {
  constructor(private readonly conversations: ConversationsRepository) {}

  /**
   * Locks agents (sorted by id) and counts their open conversations, so that nobody else can give them any until the end of the
   * transaction. Called after the conversations are locked, never before. Unknown ids are absent.
   */
  async lock(tx: Tx, agentIds: readonly string[]): Promise<Map<string, AgentStanding>> {
    if (agentIds.length === 0) return new Map();
    const rows = await tx.lock<Row>('inbox_agents', 'id', [...new Set(agentIds)].sort(), [
      'id',
      'name',
      'capacity',
      'disabled',
      'presence',
      'gone',
    ]);
    const loads = await this.conversations.loads(
      tx,
      rows.map((row) => String(row.id)),
    );
    return new Map(
      rows.map((row) => {
        const id = String(row.id);
        return [
          id,
          {
            id,
            name: String(row.name),
            capacity: Number(row.capacity),
            disabled: Number(row.disabled) === 1,
            presence: row.presence as Presence,
            gone: Number(row.gone) === 1,
            load: loads.get(id) ?? 0,
          },
        ];
      }),
    );
  }
}
