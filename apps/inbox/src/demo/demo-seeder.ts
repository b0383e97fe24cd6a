import { Injectable } from '@nestjs/common';
import { Config, newId } from '@huiliu/platform';
import { Database, Leases, type Row } from '@huiliu/storage';
import { AccountsService } from '../accounts/accounts.service';
import { AgentsService } from '../agents/agents.service';
import { ChannelRegistry } from '../channels/channel-registry';

/** Who can log in with what, to be printed. */
export interface DemoLogin {
  readonly username: string;
  readonly password: string;
  readonly name: string;
}

const PEOPLE = [
  { username: 'lin', name: '小林' },
  { username: 'chen', name: '小陈' },
] as const;
const CAPACITY = 10;
const SHOP = { channel: 'webchat', name: '汇流示例商店' } as const;
/** Known to everyone, hence never seeded in production. */
const PASSWORD = 'huiliu-demo';
const WAIT_FOR_CONNECTOR_MS = 30_000;
const SEEDING_MS = 60_000;

/** Two agents and a website to try the product with, made at the first start outside production. */
@Injectable()
export class DemoSeeder {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
    private readonly agents: AgentsService,
    private readonly accounts: AccountsService,
    private readonly channels: ChannelRegistry,
    private readonly leases: Leases,
  ) {}

  /** Makes what is missing. Answers the log-ins of agents made by this call: someone who was there may have another password. */
  async seed(): Promise<DemoLogin[]> {
    if (this.config.production) return [];
    // Several processes start at once: one seeds.
    const lease = await this.leases.acquire('demo-seed', newId(), SEEDING_MS);
    if (lease === null) return [];
    try {
      return await this.seedPeople();
    } finally {
      await this.leases.release(lease);
    }
  }

  private async seedPeople(): Promise<DemoLogin[]> {
    const made: DemoLogin[] = [];
    for (const person of PEOPLE) {
      const known = await this.db.query<Row>('SELECT id FROM inbox_agents WHERE LOWER(username) = ?', [
        person.username,
      ]);
      if (known.length > 0) continue;
      await this.agents.create({ ...person, password: PASSWORD, role: 'agent', capacity: CAPACITY });
      made.push({ ...person, password: PASSWORD });
    }
    await this.seedShop();
    return made;
  }

  /** Deleted by hand, it stays deleted: any account of the channel, present or past, will do. */
  private async seedShop(): Promise<void> {
    const known = await this.db.query<Row>('SELECT id FROM inbox_accounts WHERE channel = ? LIMIT 1', [SHOP.channel]);
    if (known.length > 0) return;
    const definition = await this.channels.whenDefined(SHOP.channel, WAIT_FOR_CONNECTOR_MS);
    if (definition) await this.accounts.create({ ...SHOP, config: { allowedOrigins: [] } });
  }
}
