import type { Account } from '@huiliu/contracts';
import { call, eventually, expectStatus, uniqueName } from '@huiliu/testing';
import type { Stage } from './stage';

/** A mail as the sandbox's page lists it. */
export interface SandboxMail {
  readonly id: number;
  readonly folder: 'inbox' | 'sent';
  readonly thread: number;
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** A customer with a mailbox in the sandbox, who writes to the demo mailbox. */
export class MailCustomer {
  readonly address = `${uniqueName('c').slice(-40).toLowerCase()}@mail.example`;

  private constructor(
    private readonly baseUrl: string,
    private readonly shop: string,
  ) {}

  /** Once the demo mailbox is read. */
  static async at(stage: Stage): Promise<MailCustomer> {
    const account = await eventually(
      'the demo mailbox is read',
      async () => {
        const { items } = await stage.admin.get<{ items: Account[] }>('/accounts');
        return items.find(({ channel, status }) => channel === 'email' && status.state === 'ok');
      },
      60_000,
    );
    return new MailCustomer(stage.baseUrl, String(account.config['address']));
  }

  /** Writes a mail; answers its Message-ID. `answers`: the id of one in this customer's mailbox. */
  async write(subject: string, text: string, answers?: number): Promise<string> {
    const from = { name: '陈静', address: this.address };
    const json = { from, to: [this.shop], subject, text, ...(answers === undefined ? {} : { answers }) };
    const sent = await call<{ messageId: string }>(this.baseUrl, 'POST', '/sandbox/api/mail/send', { json });
    return expectStatus(sent, 201).messageId.slice(1, -1);
  }

  async mails(): Promise<SandboxMail[]> {
    const path = `/sandbox/api/mail/mails?address=${encodeURIComponent(this.address)}`;
    return expectStatus(await call<{ items: SandboxMail[] }>(this.baseUrl, 'GET', path), 200).items;
  }

  /** The mail that holds this text, once it has come. */
  received(text: string): Promise<SandboxMail> {
    return eventually(
      `${text} has come`,
      async () => (await this.mails()).find((mail) => mail.folder === 'inbox' && mail.text.includes(text)),
      30_000,
    );
  }
}
