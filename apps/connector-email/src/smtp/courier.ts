import MailComposer from 'nodemailer/lib/mail-composer';
import type Mail from 'nodemailer/lib/mailer';
import { PassThrough, type Readable } from 'node:stream';
import type { GuardedFetch } from '@huiliu/connector-kit';
import { ConnectorError } from '@huiliu/connector-kit';
import type { ServerLogin } from '../definition';
import { smtpError } from '../errors';
import { checkSmtp, type Envelope, type HandedOver, handOver } from './hand-over';

/** Brings mails to an account's SMTP server. */
export class Courier {
  constructor(
    private readonly fetch: Pick<GuardedFetch, 'pin'>,
    private readonly login: ServerLogin,
    private readonly clientName: string,
  ) {}

  /** Sends one mail; `file` is the content of its attachment, opened anew for every attempt. Rejects with `ConnectorError`. */
  async send(mail: Mail.Options, file: (() => Promise<Readable>) | null, signal: AbortSignal): Promise<HandedOver> {
    const address = await this.pin();
    const content = await file?.().catch((error: unknown) => {
      throw smtpError(error, this.login.host, false);
    });
    const [attachment] = mail.attachments ?? [];
    const node = new MailComposer({
      ...mail,
      ...(attachment === undefined ? {} : { attachments: [{ ...attachment, content }] }),
    }).compile();
    const source = node.createReadStream().pipe(new PassThrough());
    // A file that breaks off breaks the mail: what was sent of it must not look whole.
    content?.once('error', (error) => source.destroy(error));
    const { from, to } = node.getEnvelope();
    const envelope: Envelope = { from: from === false ? '' : from, to };
    const handed = await handOver(this.login, address, this.clientName, { envelope, source }, signal);
    this.assertReached(addressesOf(mail.to), handed);
    return handed;
  }

  async check(): Promise<void> {
    await checkSmtp(this.login, await this.pin(), this.clientName);
  }

  private async pin() {
    return this.fetch.pin(this.login.host, this.login.port).catch((error: unknown) => {
      throw smtpError(error, this.login.host, false);
    });
  }

  /** The mail went to others, but not to whom it was meant for. */
  private assertReached(meant: readonly string[], { rejected }: HandedOver): void {
    const refused = new Map(rejected.map(({ address, words }) => [address.toLowerCase(), words]));
    const words = meant.map((address) => refused.get(address.toLowerCase()));
    const [first] = words;
    if (first === undefined || words.includes(undefined)) return;
    throw new ConnectorError('rejected', /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(first)?.[0] ?? first.slice(0, 3), first);
  }
}

/** The addresses of a header that `composeMail` made. */
function addressesOf(people: Mail.Options['to']): string[] {
  return [people ?? []]
    .flat(2)
    .flatMap((one) => (typeof one === 'string' || Array.isArray(one) ? [] : [one.address ?? '']));
}
