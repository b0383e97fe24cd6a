import { Injectable } from '@nestjs/common';
import type { Agent, CreateAgent, UpdateAgent } from '@huiliu/contracts';
import { conflict, newId, notFound } from '@huiliu/platform';
import { Clock, Database, isDuplicateKey, toDbTime, type Row, type SqlValue, type Tx } from '@huiliu/storage';
import { hashPassword } from '../auth/passwords';
import { TokensService } from '../auth/tokens.service';
import { DirectoryRepository } from '../directory/directory.repository';
import { presentAgents } from './agent-records';
import { AgentWriter } from './agent-writer';

const COLUMNS = [
  'id',
  'username',
  'name',
  'password_hash',
  'role',
  'capacity',
  'presence',
  'presence_since',
  'created_at',
  'updated_at',
];

@Injectable()
export class AgentsService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly repository: DirectoryRepository,
    private readonly writer: AgentWriter,
    private readonly tokens: TokensService,
  ) {}

  /** Every agent, by username. */
  async list(): Promise<Agent[]> {
    const records = await this.repository.agents();
    return presentAgents(
      this.db,
      records.sort((a, b) => (a.username < b.username ? -1 : 1)),
    );
  }

  /** One agent; 404 when there is none. */
  async get(id: string): Promise<Agent> {
    const [agent] = await presentAgents(this.db, await this.repository.agents([id]));
    if (agent === undefined) throw notFound('agent');
    return agent;
  }

  /** A new agent, offline; 409 when the username is taken, in whatever case. */
  async create(input: CreateAgent): Promise<Agent> {
    const passwordHash = await hashPassword(input.password);
    const id = newId();
    await this.administer(async (tx) => {
      await this.assertFree(tx, input.username);
      const now = toDbTime(this.clock.now());
      await tx.insertMany('inbox_agents', COLUMNS, [
        [id, input.username, input.name, passwordHash, input.role, input.capacity, 'offline', now, now, now],
      ]);
      await this.writer.announce(tx, id);
    });
    return this.get(id);
  }

  /** Changes what is given. A new password, or being disabled, ends the agent's tokens and sockets. */
  async update(id: string, input: UpdateAgent): Promise<Agent> {
    const passwordHash = input.password === undefined ? undefined : await hashPassword(input.password);
    await this.administer(async (tx) => {
      const [row] = await tx.lock<Row>('inbox_agents', 'id', [id], ['id', 'role', 'disabled']);
      if (row === undefined) throw notFound('agent');
      if (input.username !== undefined) await this.assertFree(tx, input.username, id);
      const wasDisabled = Number(row.disabled) === 1;
      const isAdmin = (role: unknown, disabled: boolean): boolean => role === 'admin' && !disabled;
      if (isAdmin(row.role, wasDisabled) && !isAdmin(input.role ?? row.role, input.disabled ?? wasDisabled))
        await this.assertOtherAdmin(tx, id);
      const leaves = input.disabled === true && !wasDisabled;
      await this.writer.write(tx, id, columnsOf(input, passwordHash, wasDisabled), { leaves });
      if (leaves || passwordHash !== undefined) await this.tokens.end(tx, id);
    });
    return this.get(id);
  }

  /**
   * A transaction in which nobody else administers agents: the row of the oldest agent, who is never deleted, serves as the lock, so that
   * two usernames that differ in case only, or the last two admins, cannot pass each other.
   */
  private async administer(work: (tx: Tx) => Promise<void>): Promise<void> {
    try {
      await this.db.transaction(async (tx) => {
        const [first] = await tx.query<Row>('SELECT id FROM inbox_agents ORDER BY created_at, id LIMIT 1');
        if (first !== undefined) await tx.lock('inbox_agents', 'id', [String(first.id)]);
        await work(tx);
      });
    } catch (error) {
      if (isDuplicateKey(error)) throw usernameTaken();
      throw error;
    }
  }

  private async assertFree(tx: Tx, username: string, exceptId = ''): Promise<void> {
    const taken = await tx.query('SELECT id FROM inbox_agents WHERE LOWER(username) = ? AND id <> ?', [
      username.toLowerCase(),
      exceptId,
    ]);
    if (taken.length > 0) throw usernameTaken();
  }

  private async assertOtherAdmin(tx: Tx, id: string): Promise<void> {
    const others = await tx.query(
      `SELECT id FROM inbox_agents WHERE role = 'admin' AND disabled = 0 AND id <> ? LIMIT 1`,
      [id],
    );
    if (others.length === 0) throw conflict('last_admin', 'the last admin can neither be disabled nor lose the role');
  }
}

const usernameTaken = () => conflict('username_taken', 'this username is taken');

function columnsOf(
  input: UpdateAgent,
  passwordHash: string | undefined,
  wasDisabled: boolean,
): Record<string, SqlValue> {
  const columns: Record<string, SqlValue> = {};
  if (input.username !== undefined) columns.username = input.username;
  if (input.name !== undefined) columns.name = input.name;
  if (input.role !== undefined) columns.role = input.role;
  if (input.capacity !== undefined) columns.capacity = input.capacity;
  if (passwordHash !== undefined) columns.password_hash = passwordHash;
  if (input.disabled !== undefined) columns.disabled = input.disabled ? 1 : 0;
  // Who is disabled has left: a customer who writes again gets another agent. Back in service, they begin offline.
  if (input.disabled === true && !wasDisabled) columns.gone = 1;
  if (input.disabled === false && wasDisabled)
    Object.assign(columns, { gone: 0, presence: 'offline', had_socket: 0, socket_lost_at: null });
  return columns;
}
