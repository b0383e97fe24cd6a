import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

/** A mail that was handed over by SMTP. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: Buffer;
  /** Who had logged in. */
  readonly user: string | null;
}

/** What the listener does with a mail: an SMTP status with words, or no answer at all; `cut` ends the connection instead. */
export type SmtpAnswer = { readonly code: number; readonly text: string } | 'hang' | 'cut';

/** What the listener answers at each step; undefined: it takes it. */
export interface SmtpScript {
  login?: (user: string, pass: string) => SmtpAnswer | undefined;
  recipient?: (address: string) => SmtpAnswer | undefined;
  /** After the whole mail has come. */
  mail?: (mail: TakenMail) => SmtpAnswer | undefined;
}

/** A real SMTP listener on loopback that keeps what it takes and can be told to refuse, to hang and to break off. */
export class SmtpSink {
  /** What was taken, that is answered with 250. */
  readonly mails: TakenMail[] = [];
  /** Everything that came to its end, taken or not. */
  readonly seen: TakenMail[] = [];
  script: SmtpScript = {};
  private readonly server: SMTPServer;

  private constructor() {
    this.server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      authOptional: true,
      logger: false,
      size: 64 * 1024 * 1024,
      closeTimeout: 100,
      onAuth: ({ username, password }, session, callback) =>
        this.say(this.script.login?.(username ?? '', password ?? ''), session, (error) =>
          error === null ? callback(null, { user: username ?? '' }) : callback(error),
        ),
      onRcptTo: ({ address }, session, callback) =>
        this.say(this.script.recipient?.(address), session, (error) => callback(error)),
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const mail: TakenMail = {
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            source: Buffer.concat(chunks),
            user: typeof session.user === 'string' ? session.user : null,
          };
          this.seen.push(mail);
          this.say(this.script.mail?.(mail), session, (error) => {
            if (error === null) this.mails.push(mail);
            callback(error);
          });
        });
      },
    });
    // A connection that a test cuts is no news.
    this.server.on('error', () => undefined);
  }

  static async start(): Promise<SmtpSink> {
    const sink = new SmtpSink();
    await new Promise<void>((resolve) => sink.server.listen(0, '127.0.0.1', () => resolve()));
    return sink;
  }

  /** As an account's `smtp` takes it. */
  login(user: string): { host: string; port: number; secure: boolean; user: string; pass: string } {
    const { port } = this.server.server.address() as AddressInfo;
    return { host: '127.0.0.1', port, secure: false, user, pass: 'huiliu' };
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private say(
    answer: SmtpAnswer | undefined,
    session: SMTPServerSession,
    callback: (error: Error | null) => void,
  ): void {
    if (answer === undefined) return callback(null);
    if (answer === 'hang') return;
    if (answer !== 'cut') return callback(Object.assign(new Error(answer.text), { responseCode: answer.code }));
    for (const connection of this.server.connections as unknown as Iterable<{
      id: string;
      _socket: { destroy(): void };
    }>)
      if (connection.id === session.id) connection._socket.destroy();
  }
}
