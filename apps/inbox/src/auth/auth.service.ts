import { Injectable } from '@nestjs/common';
import { AppError, unauthorized } from '@huiliu/platform';
import { Clock, Database, toDbTime, type Row } from '@huiliu/storage';
import { Directory } from '../directory/directory';
import { FailedLogins } from './failed-logins';
import { hashPassword, verifyPassword } from './passwords';
import { TokensService } from './tokens.service';
import type { Viewer } from './viewer';

/** Who is signed in, by which token. */
export interface SignedIn {
  readonly viewer: Viewer;
  readonly tokenHash: string;
}

@Injectable()
export class AuthService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly tokens: TokensService,
    private readonly directory: Directory,
    private readonly failed: FailedLogins,
  ) {}

  /** A new token for a right name and password; 401 without saying which was wrong, 429 after too many wrong ones. */
  async login(username: string, password: string, address: string): Promise<string> {
    const succeeded = this.failed.begin(username, address);
    const name = username.toLowerCase();
    const rows = await this.db.query<Row>(
      'SELECT id, username, password_hash FROM inbox_agents WHERE LOWER(username) = ?',
      [name],
    );
    // MySQL compares as if trailing spaces were not there; a name with one would have limits of its own.
    const row = rows.find((found) => String(found.username).toLowerCase() === name);
    const right = await verifyPassword(row === undefined ? undefined : String(row.password_hash), password);
    const token = right && row !== undefined ? await this.issueFor(String(row.id), String(row.password_hash)) : null;
    if (token === null) throw new AppError(401, 'wrong_login', 'wrong username or password');
    succeeded();
    return token;
  }

  /** A token, unless the password that was proven is no longer theirs or they have been disabled meanwhile. */
  private issueFor(agentId: string, provenHash: string): Promise<string | null> {
    return this.db.transaction(async (tx) => {
      const [agent] = await tx.lock<Row>('inbox_agents', 'id', [agentId], ['id', 'password_hash', 'disabled']);
      if (agent === undefined || agent.password_hash !== provenHash || Number(agent.disabled) === 1) return null;
      return this.tokens.issue(tx, agentId);
    });
  }

  /** Ends the token that the request came with, and its sockets. */
  async logout(viewer: Viewer, tokenHash: string): Promise<void> {
    await this.db.transaction((tx) => this.tokens.end(tx, viewer.id, tokenHash));
  }

  /** Sets a new password; every token and socket of this agent ends, the asking one included. */
  async changePassword(viewer: Viewer, currentPassword: string, newPassword: string, address: string): Promise<void> {
    const username = this.directory.agent(viewer.id)?.username ?? viewer.id;
    const succeeded = this.failed.begin(username, address);
    const [row] = await this.db.query<Row>('SELECT password_hash FROM inbox_agents WHERE id = ?', [viewer.id]);
    if (!(await verifyPassword(row === undefined ? undefined : String(row.password_hash), currentPassword)))
      throw new AppError(403, 'wrong_password', 'the current password is wrong');
    succeeded();
    const hashed = await hashPassword(newPassword);
    await this.db.transaction(async (tx) => {
      await tx.lock('inbox_agents', 'id', [viewer.id]);
      await tx.execute('UPDATE inbox_agents SET password_hash = ?, updated_at = ? WHERE id = ?', [
        hashed,
        toDbTime(this.clock.now()),
        viewer.id,
      ]);
      await this.tokens.end(tx, viewer.id);
    });
  }

  /** Who a bearer token stands for; null when it has ended or its agent is disabled. */
  async authenticate(token: string): Promise<SignedIn | null> {
    const owner = await this.tokens.owner(token);
    return owner === null ? null : this.signedIn(owner.agentId, owner.tokenHash);
  }

  /** The same for a token known by its hash: of a ticket, or of an open socket. */
  async authenticateHash(agentId: string, tokenHash: string): Promise<SignedIn | null> {
    const owner = await this.tokens.ownerOfHash(tokenHash);
    return owner === null || owner.agentId !== agentId ? null : this.signedIn(agentId, tokenHash);
  }

  /** Reads the bearer token of an `Authorization` header; 401 when there is none that holds. */
  async requireBearer(authorization: string | undefined): Promise<SignedIn> {
    const token = /^Bearer ([A-Za-z0-9_-]{43})$/i.exec(authorization ?? '')?.[1];
    const signedIn = token === undefined ? null : await this.authenticate(token);
    if (signedIn === null) throw unauthorized('sign in first');
    return signedIn;
  }

  private async signedIn(agentId: string, tokenHash: string): Promise<SignedIn | null> {
    // An agent made by another process a moment ago may not have arrived here yet.
    if (this.directory.agent(agentId) === undefined) await this.directory.reloadAgent(agentId);
    const agent = this.directory.agent(agentId);
    if (agent === undefined || agent.disabled) return null;
    return { viewer: { id: agent.id, name: agent.name, role: agent.role }, tokenHash };
  }
}
