import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, Config, newToken } from '@huiliu/platform';
import { Database } from '@huiliu/storage';
import { AgentsService } from './agents.service';

export const ADMIN_USERNAME = 'admin';
const CAPACITY = 10;

/** Makes the admin user at the first start. */
@Injectable()
export class AdminBootstrap implements OnModuleInit {
  private generated: string | null = null;

  constructor(
    private readonly db: Database,
    private readonly config: Config,
    private readonly agents: AgentsService,
  ) {}

  async onModuleInit(): Promise<void> {
    if ((await this.db.query('SELECT id FROM inbox_agents LIMIT 1')).length > 0) return;
    const password = this.config.adminPassword ?? newToken().slice(0, 20);
    try {
      await this.agents.create({
        username: ADMIN_USERNAME,
        name: '管理员',
        password,
        role: 'admin',
        capacity: CAPACITY,
      });
    } catch (error) {
      // Another process was first.
      if (error instanceof AppError && error.status === 409) return;
      throw error;
    }
    if (this.config.adminPassword === null) this.generated = password;
  }

  /** The generated password, for the banner: given once, then forgotten; null when it was set by the operator or long ago. */
  takeGeneratedPassword(): string | null {
    const password = this.generated;
    this.generated = null;
    return password;
  }
}
