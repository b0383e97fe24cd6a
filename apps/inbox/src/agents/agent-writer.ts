import { Injectable } from '@nestjs/common';
import type { BusRecord } from '@huiliu/bus';
import { Clock, Outbox, toDbTime, type SqlValue, type Tx } from '@huiliu/storage';
import { Directory } from '../directory/directory';
import { DirectoryRepository } from '../directory/directory.repository';
import type { AgentRecord } from '../directory/records';
import { addToOutbox } from '../events/records';
import { agentChanged, agentGone, agentUpdated, presentAgents } from './agent-records';

export interface AgentWriteOptions {
  /** Tell routing that the agent is gone, with what they leave unanswered. */
  readonly leaves?: boolean;
}

/** The one way in which an agent's row changes: with a new revision, the facts of it, and this process's directory. */
@Injectable()
export class AgentWriter {
  constructor(
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly repository: DirectoryRepository,
    private readonly directory: Directory,
  ) {}

  /** Sets columns of an agent whose row the transaction has locked, and tells everyone. */
  async write(
    tx: Tx,
    agentId: string,
    columns: Readonly<Record<string, SqlValue>>,
    options: AgentWriteOptions = {},
  ): Promise<AgentRecord> {
    const names = Object.keys(columns);
    const now = this.clock.now();
    await tx.execute(
      `UPDATE inbox_agents SET ${names.map((name) => `${name} = ?, `).join('')}revision = revision + 1, updated_at = ? WHERE id = ?`,
      [...names.map((name) => columns[name] as SqlValue), toDbTime(now), agentId],
    );
    return this.announce(tx, agentId, options);
  }

  /** Tells everyone how an agent's row stands in this transaction. */
  async announce(tx: Tx, agentId: string, options: AgentWriteOptions = {}): Promise<AgentRecord> {
    const now = this.clock.now();
    const [record] = await this.repository.agents([agentId], tx);
    if (record === undefined) throw new Error(`agent ${agentId} vanished inside a transaction`);
    const [agent] = await presentAgents(tx, [record]);
    if (agent === undefined) throw new Error(`agent ${agentId} cannot be presented`);
    const records: BusRecord[] = [agentUpdated(agent, record, now), agentChanged(record, now)];
    if (options.leaves) records.push(await agentGone(tx, agentId, now));
    await addToOutbox(this.outbox, tx, records);
    tx.afterCommit(() => this.directory.putAgent(record));
    return record;
  }
}
