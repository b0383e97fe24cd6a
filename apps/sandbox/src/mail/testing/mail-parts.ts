import { ImapFlow } from 'imapflow';
import { connect, type Socket } from 'node:net';
import { createTransport, type Transporter } from 'nodemailer';
import { ImapServer } from '../imap/imap-server';
import { SmtpListener } from '../smtp/smtp-listener';
import { MailStore, type StoreLimits } from '../store/mail-store';

const PASSWORD = 'secret';

/** A mail server of the sandbox, on ports of its own, with real clients. */
export class MailParts {
  private constructor(
    readonly store: MailStore,
    readonly imapPort: number,
    readonly smtpPort: number,
    private readonly servers: readonly { close(): Promise<void> }[],
  ) {}

  static async start(limits: Partial<StoreLimits> = {}): Promise<MailParts> {
    const store = new MailStore(() => new Date(), limits);
    const admits = (user: string, password: string): boolean => user.includes('@') && password === PASSWORD;
    const [imap, smtp] = [new ImapServer(store, admits), new SmtpListener(store, admits)];
    return new MailParts(store, await imap.listen(0), await smtp.listen(0), [imap, smtp]);
  }

  /** An IMAP client, not connected yet. */
  client(user: string, pass = PASSWORD): ImapFlow {
    return new ImapFlow({
      host: '127.0.0.1',
      port: this.imapPort,
      secure: false,
      auth: { user, pass },
      logger: false,
      disableAutoIdle: true,
    });
  }

  transport(user: string, pass = PASSWORD): Transporter {
    return createTransport({ host: '127.0.0.1', port: this.smtpPort, secure: false, auth: { user, pass } });
  }

  /** A bare connection to the IMAP port. */
  async socket(): Promise<Socket> {
    const socket = connect(this.imapPort, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}
