import { Injectable } from '@nestjs/common';
import { Config, newId, SANDBOX_MAIL_PASSWORD } from '@huiliu/platform';
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
const MAIL = { channel: 'email', name: '汇流示例邮箱' } as const;
const MAIL_ADDRESS = 'service@shanye.example';
/** Known to everyone, hence never seeded in production. */
const PASSWORD = 'huiliu-demo';
const WAIT_FOR_CONNECTOR_MS = 30_000;
const SEEDING_MS = 60_000;

interface MailLogin {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly user: string;
  readonly pass: string;
}

/** An account of the e-mail connector, as `accounts` takes it. */
interface MailConfig extends Record<string, unknown> {
  readonly address: string;
  readonly imap: MailLogin;
  readonly smtp: MailLogin;
}

/** Two agents, a website and a mailbox on the sandbox's own server to try the product with, made at the first start outside production. */
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
    const [shop, mail] = await Promise.all([
      this.lacks(SHOP.channel),
      this.mailConfig !== null && this.lacks(MAIL.channel),
    ]);
    if (shop) await this.accounts.create({ ...SHOP, config: { allowedOrigins: [] } });
    if (mail && this.mailConfig !== null) await this.accounts.create({ ...MAIL, config: this.mailConfig });
    else await this.repointMail();
    return made;
  }

  /** Deleted by hand, it stays deleted: any account of the channel, present or past, will do. */
  private async lacks(channel: string): Promise<boolean> {
    const known = await this.db.query<Row>('SELECT id FROM inbox_accounts WHERE channel = ? LIMIT 1', [channel]);
    if (known.length > 0) return false;
    return (await this.channels.whenDefined(channel, WAIT_FOR_CONNECTOR_MS)) !== undefined;
  }

  /** The sandbox's mail server may listen elsewhere than at the last start. */
  private async repointMail(): Promise<void> {
    const config = this.mailConfig;
    if (config === null) return;
    for (const account of await this.accounts.list()) {
      const { address, imap, smtp } = account.config as Partial<MailConfig>;
      if (account.channel !== MAIL.channel || address !== MAIL_ADDRESS || imap?.host !== config.imap.host) continue;
      if (imap.port === config.imap.port && smtp?.port === config.smtp.port) continue;
      if ((await this.channels.whenDefined(MAIL.channel, WAIT_FOR_CONNECTOR_MS)) === undefined) continue;
      await this.accounts.update(account.id, { config: { ...account.config, ...config } });
    }
  }

  /** Null where the sandbox's mail server is in no place that is known here. */
  private get mailConfig(): MailConfig | null {
    const { smtpPort = 0, imapPort = 0 } = this.config.sandboxMail ?? {};
    if (smtpPort === 0 || imapPort === 0) return null;
    const login = { host: '127.0.0.1', secure: false, user: MAIL_ADDRESS, pass: SANDBOX_MAIL_PASSWORD };
    return {
      address: MAIL_ADDRESS,
      imap: { ...login, port: imapPort },
      smtp: { ...login, port: smtpPort },
      // What was written before the connector first looked is read too.
      importFrom: 'start',
    };
  }
}
