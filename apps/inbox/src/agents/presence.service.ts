import { Injectable } from '@nestjs/common';
import type { Presence } from '@huiliu/contracts';
import { notFound } from '@huiliu/platform';
import { Clock, Database, fromDbTime, toDbTime, type Row, type Tx } from '@huiliu/storage';
import { AgentWriter } from './agent-writer';

/** How long an agent who has lost the last socket still counts as there. */
export const GRACE_MS = 60_000;
/** How often a process renews its sockets. */
export const HEARTBEAT_MS = 10_000;
/** A process that has not renewed its sockets for so long is dead. */
export const PROCESS_DEAD_MS = 30_000;

export interface OpenSocket {
  readonly id: string;
  readonly agentId: string;
}

const LOCKED = ['id', 'disabled', 'had_socket', 'socket_lost_at', 'gone'];

/**
 * Who is there. A presence set by hand stands without a socket; an agent who had a socket and lost the last is gone after the grace
 * period, until a socket or a presence returns. Sockets are rows shared by all processes.
 */
@Injectable()
export class PresenceService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly writer: AgentWriter,
  ) {}

  /** Sets what an agent chose. Chosen without a socket, it stands until one was there and is lost again. */
  async set(agentId: string, status: Presence, reason: string | null): Promise<void> {
    await this.db.transaction(async (tx) => {
      const agent = await this.lockAgent(tx, agentId);
      if (agent === undefined) throw notFound('agent');
      const connected = await this.hasSocket(tx, agentId);
      await this.writer.write(tx, agentId, {
        presence: status,
        presence_reason: reason === '' ? null : reason,
        presence_since: toDbTime(this.clock.now()),
        gone: 0,
        socket_lost_at: null,
        had_socket: connected ? 1 : 0,
      });
    });
  }

  async socketOpened(socketId: string, agentId: string, processId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const agent = await this.lockAgent(tx, agentId);
      if (agent === undefined) return;
      await tx.insertMany(
        'inbox_sockets',
        ['id', 'agent_id', 'process_id', 'seen_at'],
        [[socketId, agentId, processId, toDbTime(this.clock.now())]],
      );
      if (Number(agent.gone) === 1 && Number(agent.disabled) === 0)
        await this.writer.write(tx, agentId, { gone: 0, had_socket: 1, socket_lost_at: null });
      else await tx.execute('UPDATE inbox_agents SET had_socket = 1, socket_lost_at = NULL WHERE id = ?', [agentId]);
    });
  }

  async socketClosed(socketId: string, agentId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.lockAgent(tx, agentId);
      await tx.execute('DELETE FROM inbox_sockets WHERE id = ?', [socketId]);
      await this.noteLoss(tx, agentId);
    });
  }

  /** Keeps this process's sockets counted; those that a sweep took for dead (the process was held up) are counted again. */
  async heartbeat(processId: string, open: readonly OpenSocket[]): Promise<void> {
    const now = toDbTime(this.clock.now());
    const { affected } = await this.db.transaction((tx) =>
      tx.execute('UPDATE inbox_sockets SET seen_at = ? WHERE process_id = ?', [now, processId]),
    );
    if (affected >= open.length) return;
    const known = new Set(
      (await this.db.query<Row>('SELECT id FROM inbox_sockets WHERE process_id = ?', [processId])).map((row) =>
        String(row.id),
      ),
    );
    for (const socket of open) if (!known.has(socket.id)) await this.socketOpened(socket.id, socket.agentId, processId);
  }

  /** Forgets the sockets of dead processes and lets go of agents whose grace period is over. */
  async sweep(): Promise<void> {
    await this.forgetDeadSockets();
    const since = toDbTime(new Date(this.clock.now().getTime() - GRACE_MS));
    const lost = await this.db.query<Row>(
      'SELECT id FROM inbox_agents WHERE had_socket = 1 AND gone = 0 AND socket_lost_at <= ?',
      [since],
    );
    for (const { id } of lost) await this.db.transaction((tx) => this.leave(tx, String(id), since));
  }

  private async leave(tx: Tx, agentId: string, since: string): Promise<void> {
    const agent = await this.lockAgent(tx, agentId);
    const stillLost =
      agent !== undefined &&
      Number(agent.gone) === 0 &&
      agent.socket_lost_at !== null &&
      String(agent.socket_lost_at) <= since;
    if (stillLost && !(await this.hasSocket(tx, agentId)))
      await this.writer.write(tx, agentId, { gone: 1 }, { leaves: true });
  }

  private async forgetDeadSockets(): Promise<void> {
    const deadline = toDbTime(new Date(this.clock.now().getTime() - PROCESS_DEAD_MS));
    const dead = await this.db.query<Row>(
      'SELECT agent_id, MAX(seen_at) AS seen_at FROM inbox_sockets WHERE seen_at <= ? GROUP BY agent_id',
      [deadline],
    );
    for (const row of dead) {
      const agentId = String(row.agent_id);
      // The grace period began when the process died, not when that was noticed; at the latest with the heartbeat that it missed.
      const lostAt = new Date(Date.parse(fromDbTime(String(row.seen_at))) + HEARTBEAT_MS);
      await this.db.transaction(async (tx) => {
        await this.lockAgent(tx, agentId);
        await tx.execute('DELETE FROM inbox_sockets WHERE agent_id = ? AND seen_at <= ?', [agentId, deadline]);
        await this.noteLoss(tx, agentId, lostAt);
      });
    }
  }

  private async noteLoss(tx: Tx, agentId: string, lostAt = this.clock.now()): Promise<void> {
    if (await this.hasSocket(tx, agentId)) return;
    await tx.execute(
      'UPDATE inbox_agents SET socket_lost_at = ? WHERE id = ? AND had_socket = 1 AND socket_lost_at IS NULL',
      [toDbTime(lostAt), agentId],
    );
  }

  private async hasSocket(tx: Tx, agentId: string): Promise<boolean> {
    return (await tx.query('SELECT id FROM inbox_sockets WHERE agent_id = ? LIMIT 1', [agentId])).length > 0;
  }

  private async lockAgent(tx: Tx, agentId: string): Promise<Row | undefined> {
    const [agent] = await tx.lock<Row>('inbox_agents', 'id', [agentId], LOCKED);
    return agent;
  }
}
