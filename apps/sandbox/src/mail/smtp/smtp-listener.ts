import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { bounceOf } from './bounce';
import { type Envelope, type MailStore, StoreFull } from '../store/mail-store';

const MAX_BYTES = 25 * 1024 * 1024;
const MAX_RECIPIENTS = 50;
const MAX_CLIENTS = 32;

/** An SMTP answer: its code and words reach the sender. */
function answer(code: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode: code });
}

/**
 * Takes mails over SMTP, on loopback, and puts them into the recipients' mailboxes. Some recipients stand for what happens to real mails,
 * whatever their domain: `reject@` is refused, `later@` is refused for now, `bounce@` is taken and comes back undeliverable.
 */
export class SmtpListener {
  private readonly server: SMTPServer;

  constructor(
    private readonly mails: MailStore,
    admits: (user: string, password: string) => boolean,
  ) {
    this.server = new SMTPServer({
      name: 'sandbox.invalid',
      banner: "the sandbox's mail server",
      disabledCommands: ['STARTTLS'],
      authMethods: ['PLAIN', 'LOGIN'],
      allowInsecureAuth: true,
      disableReverseLookup: true,
      size: MAX_BYTES,
      maxClients: MAX_CLIENTS,
      closeTimeout: 500,
      logger: false,
      onAuth: ({ username, password }, _session, done) =>
        admits(username ?? '', password ?? '')
          ? done(null, { user: username })
          : done(answer(535, 'wrong address or password')),
      onRcptTo: ({ address }, session, done) => done(this.judge(address, session)),
      onData: (stream, session, done) => {
        this.take(stream, session).then(
          () => done(null),
          (error: unknown) => done(error as Error),
        );
      },
    });
    // Connections that break off are the client's own affair.
    this.server.on('error', () => undefined);
  }

  /** Answers the port. Throws when it is taken. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.server.server.off('error', reject);
        resolve((this.server.server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private judge(address: string, session: SMTPServerSession): Error | null {
    if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) return answer(452, 'too many recipients');
    const local = address.toLowerCase().split('@')[0];
    if (local === 'reject') return answer(550, `5.1.1 <${address}>: no such user here`);
    if (local === 'later') return answer(451, `4.2.1 <${address}>: try again later`);
    return null;
  }

  private async take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<void> {
    const chunks: Buffer[] = [];
    // Once it is too large, the rest is read and thrown away: the answer comes after it.
    for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
    if (stream.sizeExceeded) throw answer(552, `5.3.4 larger than ${MAX_BYTES} bytes`);
    const raw = Buffer.concat(chunks);
    const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
    const [returned, taken] = divide(envelope.rcptTo.map(({ address }) => address));
    try {
      if (taken.length > 0) this.mails.deliver({ from, to: taken }, raw);
      // What has no sender is never answered: two servers would answer each other for ever.
      for (const address of from === '' ? [] : returned)
        this.mails.deliver({ from: '', to: [from] } satisfies Envelope, bounceOf(address, from, raw));
    } catch (error) {
      throw error instanceof StoreFull ? answer(452, `4.3.1 ${error.message}`) : error;
    }
  }
}

function divide(addresses: readonly string[]): [string[], string[]] {
  const comesBack = (address: string): boolean => /^bounce@/i.test(address);
  return [addresses.filter(comesBack), addresses.filter((address) => !comesBack(address))];
}
