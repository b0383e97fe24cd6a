import { ImapFlow } from 'imapflow';
import { createHash, randomBytes } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { type Account } from '@huiliu/contracts';
import { type AgentClient, eventually, MailServer, type SmtpAnswer, SmtpSink } from '@huiliu/testing';
import { type Delivery, not, type PlatformWorld, type Shown, type Side } from './side';

const CRLF = '\r\n';
const TAKEN: Delivery = { taken: true, status: 250 };

/** What the SMTP server says for each fault. */
const ANSWERS: Readonly<Record<string, SmtpAnswer>> = {
  rate_limited: { code: 450, text: '4.7.1 too many mails, try again later' },
  error_5xx: { code: 451, text: '4.3.0 server error' },
  busy: { code: 421, text: '4.3.2 busy' },
  banned: { code: 550, text: '5.7.1 this sender is blocked' },
  timeout_after_accept: 'cut',
};

/** A real IMAP server with real mailboxes and a real SMTP listener. */
export async function mailWorld(): Promise<PlatformWorld> {
  const [server, sink] = await Promise.all([MailServer.start(), SmtpSink.start()]);
  const faults: { fault: string; left: number; user: string }[] = [];
  sink.script.mail = ({ user }) => {
    const order = faults.find((one) => one.user === user && one.left > 0);
    if (order === undefined) return undefined;
    order.left -= 1;
    return ANSWERS[order.fault];
  };
  return {
    // Both stand on loopback.
    env: { OUTBOUND_ALLOW: '127.0.0.0/8' },
    register: () => {
      const user = `box-${randomBytes(8).toString('hex')}`;
      const config = { address: `${user}@shop.example`, imap: server.login(user), smtp: sink.login(user) };
      return Promise.resolve(config);
    },
    side: (_system, account, admin) => new MailboxSide(server, sink, account, admin, faults),
    stop: async () => {
      await Promise.all([server.stop(), sink.stop()]);
    },
  };
}

export class MailboxSide implements Side {
  private readonly user: string;
  private readonly address: string;
  /** Each customer's thread: the Message-IDs of what both sides wrote. */
  private readonly threads = new Map<string, string[]>();
  private twice = false;

  constructor(
    private readonly server: MailServer,
    private readonly sink: SmtpSink,
    private readonly account: Account,
    private readonly admin: AgentClient,
    private readonly faults: { fault: string; left: number; user: string }[],
  ) {
    const { address } = account.config as { address: string };
    this.address = address;
    this.user = address.split('@', 1)[0] as string;
  }

  async ready(): Promise<void> {
    await eventually(
      'the mailbox is read',
      async () => (await this.admin.get<Account>(`/accounts/${this.account.id}`)).status.state === 'ok',
      60_000,
    );
  }

  handshake(): never {
    return not('handshake');
  }

  async say({ customer, text, subject, file }: Parameters<Side['say']>[0]): Promise<Delivery[]> {
    const id = `<${randomBytes(12).toString('hex')}@customer.example>`;
    const thread = this.threads.get(customer) ?? [];
    const answers = thread.length === 0 ? [] : [`In-Reply-To: ${thread.at(-1)}`, `References: ${thread.join(' ')}`];
    this.threads.set(customer, [...thread, id]);
    const head = [
      `Message-ID: ${id}`,
      `From: ${addressOf(customer)}`,
      `To: ${this.address}`,
      `Subject: ${typeof subject === 'string' ? subject : 'Order'}`,
      `Date: ${new Date().toUTCString()}`,
      'MIME-Version: 1.0',
      ...answers,
    ];
    const words = typeof text === 'string' ? text : '';
    const times = this.twice ? 2 : 1;
    this.twice = false;
    const source = Buffer.from([...head, ...bodyOf(words, file as SaidFile | undefined)].join(CRLF));
    await this.deliver(...Array.from({ length: times }, () => source));
    return Array.from({ length: times }, () => TAKEN);
  }

  happen(): never {
    return not('events');
  }

  fault(fault: string, { times = 1 }: { times?: number }): Promise<void> {
    if (fault === 'duplicate') this.twice = true;
    else if (ANSWERS[fault] === undefined) not(fault);
    else this.faults.push({ fault, left: times, user: this.user });
    return Promise.resolve();
  }

  set(): Promise<void> {
    return Promise.resolve();
  }

  /** What was handed over, the refused ones left out; one whose answer was cut off has arrived all the same. */
  async got(customer: string): Promise<Shown[]> {
    const mails = this.sink.seen.filter(({ user, to }) => user === this.user && to.includes(addressOf(customer)));
    const arrived = mails.filter((mail) => this.sink.mails.includes(mail) || this.wasCut);
    return Promise.all(
      arrived.map(async ({ source }) => {
        const mail = await simpleParser(source);
        const [file] = mail.attachments;
        const data = file === undefined ? null : `data:${file.contentType};base64,${file.content.toString('base64')}`;
        return {
          customer,
          kind: file === undefined ? 'text' : 'file',
          // What is quoted below is the customer's own.
          text: (mail.text ?? '').split('\n\n', 1)[0]?.trim() ?? '',
          mediaUrl: data,
        };
      }),
    );
  }

  /** Mails in this order: by APPEND, because files put into a Maildir at once have none. */
  private async deliver(...sources: readonly Buffer[]): Promise<void> {
    await this.asOwner(async (client) => {
      for (const source of sources) await client.append('INBOX', source);
    });
  }

  /** Mails of this very form, whatever they are: as files, because a server refuses some of them when they are handed to it. */
  async putFiles(...sources: readonly Buffer[]): Promise<void> {
    for (const source of sources) await this.server.deliver(this.user, source);
    // Opened, the mailbox gives them their UIDs: what is delivered from here on comes after them.
    await this.asOwner(async (client) => {
      const { exists } = await client.mailboxOpen('INBOX', { readOnly: true });
      if (exists < sources.length)
        throw new Error(`the mailbox has ${exists} mails, not the ${sources.length} put there`);
    });
  }

  private async asOwner(act: (client: ImapFlow) => Promise<void>): Promise<void> {
    const { host, port, secure, user, pass } = this.server.login(this.user);
    const client = new ImapFlow({ host, port, secure, auth: { user, pass }, logger: false });
    await client.connect();
    try {
      await act(client);
    } finally {
      await client.logout();
    }
  }

  private get wasCut(): boolean {
    return this.faults.some(({ fault, user }) => fault === 'timeout_after_accept' && user === this.user);
  }
}

interface SaidFile {
  readonly name: string;
  readonly mime: string;
  /** Base64. */
  readonly data: string;
}

export const addressOf = (customer: string): string =>
  `c${createHash('sha256').update(customer).digest('hex').slice(0, 16)}@customer.example`;

function bodyOf(text: string, file: SaidFile | undefined): string[] {
  const words = ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', text, ''];
  if (file === undefined) return words;
  const boundary = 'conformance';
  return [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    ...words,
    `--${boundary}`,
    `Content-Type: ${file.mime}`,
    `Content-Disposition: attachment; filename="${file.name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    file.data,
    `--${boundary}--`,
    '',
  ];
}
