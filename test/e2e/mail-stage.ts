import { randomBytes } from 'node:crypto';
import type { Account, Conversation, Message } from '@huiliu/contracts';
import { type AgentClient, eventually, MailServer, SmtpSink, uniqueName } from '@huiliu/testing';
import type { Stage } from './stage';

/** Lets the tests' own mail servers through, which stand on loopback. */
export const MAIL_ENV = { OUTBOUND_ALLOW: '127.0.0.0/8' };

const CRLF = '\r\n';

export interface Written {
  readonly id?: string;
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly headers?: readonly string[];
}

export const newMessageId = (): string => `<${randomBytes(12).toString('hex')}@customer.example>`;

/** A plain mail as a client writes it. */
export function plainMail({ id = newMessageId(), from, to, subject = '订单', text, headers = [] }: Written): Buffer {
  const lines = [
    `Message-ID: ${id}`,
    `From: ${from ?? '王芳 <wang@customer.example>'}`,
    `To: ${to ?? 'support@shop.example'}`,
    `Subject: ${subject}`,
    `Date: ${new Date().toUTCString()}`,
    'MIME-Version: 1.0',
    ...headers,
    ...(headers.some((line) => /^content-type:/i.test(line)) ? [] : ['Content-Type: text/plain; charset=utf-8']),
    '',
    text ?? '请问什么时候发货？',
    '',
  ];
  return Buffer.from(lines.join(CRLF));
}

/** A mailbox of ours: an account on a real IMAP server and a real SMTP listener, and who answers its mails. */
export class MailDesk {
  private constructor(
    private readonly stage: Stage,
    private readonly server: MailServer,
    readonly sink: SmtpSink,
    readonly user: string,
    readonly account: Account,
    readonly agent: AgentClient,
  ) {}

  /** An account whose mailbox has been opened. */
  static async open(
    stage: Stage,
    server: MailServer,
    sink: SmtpSink,
    options: { user?: string; config?: Record<string, unknown> } = {},
  ): Promise<MailDesk> {
    const user = options.user ?? uniqueName('box');
    const account = await stage.admin.post<Account>('/accounts', {
      channel: 'email',
      name: '客服邮箱',
      config: {
        address: 'support@shop.example',
        imap: server.login(user),
        smtp: sink.login(user),
        ...options.config,
      },
    });
    const agent = await stage.person('agent', 500);
    await stage.team([account], [agent]);
    await agent.setPresence('online');
    const desk = new MailDesk(stage, server, sink, user, account, agent);
    await desk.stands('ok');
    return desk;
  }

  /** Waits until the account says that it is so. */
  stands(state: Account['status']['state']): Promise<Account> {
    return eventually(
      `the account is ${state}`,
      async () => {
        const account = await this.stage.admin.get<Account>(`/accounts/${this.account.id}`);
        if (account.status.state !== state) throw new Error(JSON.stringify(account.status));
        return account;
      },
      60_000,
    );
  }

  /** A customer's mail arrives; answers its Message-ID. */
  async receive(mail: Written = {}): Promise<string> {
    const id = mail.id ?? newMessageId();
    await this.server.deliver(this.user, plainMail({ ...mail, id }));
    return id;
  }

  deliver(source: Buffer): Promise<void> {
    return this.server.deliver(this.user, source);
  }

  conversations(): Promise<Conversation[]> {
    return this.stage.admin.conversations(`accountId=${this.account.id}`);
  }

  async messages(): Promise<Message[]> {
    const conversations = await this.conversations();
    return (await Promise.all(conversations.map(({ id }) => this.stage.admin.messages(id)))).flat();
  }

  /** The message that a mail has become. */
  shown(remoteId: string, timeoutMs = 30_000): Promise<Message> {
    return eventually(
      `${remoteId} is shown`,
      async () => (await this.messages()).find((message) => message.remoteId === remoteId),
      timeoutMs,
    );
  }

  /** A mail of the usual customer that comes last: every mail before it has been read by then, and those of this customer are shown. */
  async caughtUp(): Promise<void> {
    await this.server.numbered(this.user);
    await this.shown(await this.receive({ subject: 'last' }));
  }

  /** An answer as an agent writes it, once it has come to this state. */
  async answer(conversationId: string, text: string, state: Message['state'] = 'sent'): Promise<Message> {
    const { body } = await this.agent.reply(conversationId, text);
    return this.comesTo(conversationId, body.id, state);
  }

  comesTo(conversationId: string, messageId: string, state: Message['state']): Promise<Message> {
    return eventually(
      `${messageId} is ${state}`,
      async () => {
        const message = (await this.agent.messages(conversationId)).find(({ id }) => id === messageId);
        if (message?.state !== state) throw new Error(`${message?.state}: ${JSON.stringify(message?.error)}`);
        return message;
      },
      30_000,
    );
  }

  /** The bytes of a file, as an agent gets them. */
  async file(url: string): Promise<Buffer> {
    const response = await fetch(`${this.stage.baseUrl}${url}`, {
      headers: { authorization: `Bearer ${this.agent.token}` },
    });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }
}
