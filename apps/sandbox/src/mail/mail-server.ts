import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config, SANDBOX_MAIL_PASSWORD, type SandboxMail } from '@huiliu/platform';
import { ImapServer } from './imap/imap-server';
import { SmtpListener } from './smtp/smtp-listener';
import { MailStore } from './store/mail-store';
import { UploadedFiles } from './uploaded-files';

const AGAIN_MS = 5_000;

/** Why mails cannot come in or be read: a port that another program has. */
export interface PortTaken {
  readonly port: number;
  /** The variable that names another one. */
  readonly key: 'SANDBOX_SMTP_PORT' | 'SANDBOX_IMAP_PORT';
}

/** The sandbox's mail server: everyone's mailboxes in memory, SMTP and IMAP on loopback; outside production only. */
@Injectable()
export class MailServer implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly mails = new MailStore(() => new Date());
  readonly files = new UploadedFiles();
  private readonly logger = new Logger('MailServer');
  private readonly running: { close(): Promise<void> }[] = [];
  private readonly taken = new Map<PortTaken['key'], PortTaken>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly config: Config) {}

  async onApplicationBootstrap(): Promise<void> {
    const ports = this.config.sandboxMail;
    if (ports === null) return;
    await this.open('SANDBOX_SMTP_PORT', ports.smtpPort);
    await this.open('SANDBOX_IMAP_PORT', ports.imapPort);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await Promise.all(this.running.map((server) => server.close()));
  }

  /** Where it listens; null in production. */
  get ports(): SandboxMail | null {
    return this.config.sandboxMail;
  }

  get problems(): readonly PortTaken[] {
    return [...this.taken.values()];
  }

  /** A port that is taken, by a process that is about to end perhaps, is tried again: the rest of the sandbox does without. */
  private async open(key: PortTaken['key'], wanted: number): Promise<void> {
    const smtp = key === 'SANDBOX_SMTP_PORT';
    const server = smtp ? new SmtpListener(this.mails, admits) : new ImapServer(this.mails, admits);
    try {
      const port = await server.listen(wanted);
      this.running.push(server);
      this.taken.delete(key);
      this.config.sandboxMailListensOn(smtp ? { smtpPort: port } : { imapPort: port });
    } catch (error) {
      if (!this.taken.has(key))
        this.logger.warn({ err: error }, `port ${wanted} of the sandbox's mails cannot be used; ${key} names another`);
      this.taken.set(key, { port: wanted, key });
      this.timer = setTimeout(() => void this.open(key, wanted), AGAIN_MS).unref();
    }
  }
}

/** The user is the mailbox's address. */
function admits(user: string, password: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(user) && user.length <= 254 && password === SANDBOX_MAIL_PASSWORD;
}
