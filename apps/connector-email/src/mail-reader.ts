import type { AccountContext } from '@huiliu/connector-kit';
import type { definition, EmailConfig } from './definition';
import { storeFiles, storeSource } from './files';
import { type Arrival, type Recipient, refusalOf, toMessage, unreadable } from './inbound';
import type { MailHead } from './imap/mailbox';
import type { FetchedMail, ReadOut } from './imap/reader';
import { type ParsedMail, parseMail } from './mime/parse-mail';
import { keepHeapTight } from './tight-heap';
import { judge } from './verdict';

type Context = AccountContext<EmailConfig, typeof definition>;

const NOTHING: ReadOut = { events: [], receipts: [] };

/** Makes events of fetched mails: reads them, keeps their files, judges whose they are. Throws only for what is to be tried again. */
export class MailReader {
  constructor(
    private readonly context: Pick<Context, 'inbox' | 'logger' | 'clock'>,
    private readonly recipient: Recipient,
  ) {}

  async read(mail: FetchedMail): Promise<ReadOut> {
    const arrival = { arrivedAt: mail.arrivedAt, now: this.context.clock.now() };
    let parsed: ParsedMail;
    keepHeapTight();
    try {
      parsed = await parseMail(mail.source);
    } catch (error) {
      return this.park(mail, `read: ${wordsOf(error)}`, arrival);
    }
    const verdict = judge(parsed, this.recipient.ids, arrival.arrivedAt ?? arrival.now);
    if (verdict.do === 'receipt') return { events: [], receipts: [verdict.receipt] };
    if (verdict.do === 'leave') {
      this.context.logger.debug({ accountId: this.recipient.accountId, uid: mail.uid }, verdict.why);
      return NOTHING;
    }
    return this.show(mail, parsed, arrival);
  }

  /** What is shown in place of a mail that the server does not give. */
  unfetched({ uid, messageId, arrivedAt }: MailHead): ReadOut {
    const why = 'the server does not give it';
    const arrival = { arrivedAt, now: this.context.clock.now() };
    // Its own id would make the mail a double, should it be read after all.
    const id = `unfetched ${messageId ?? `${uid} ${arrivedAt?.toISOString() ?? ''}`}`;
    this.context.logger.error({ accountId: this.recipient.accountId, uid }, 'a mail cannot be fetched; going on');
    return { events: [unreadable(Buffer.alloc(0), null, { id, why }, arrival)], receipts: [] };
  }

  private async show(mail: FetchedMail, parsed: ParsedMail, arrival: Arrival): Promise<ReadOut> {
    const { accountId } = this.recipient;
    const files = await storeFiles(this.context.inbox, accountId, parsed, mail.source);
    let refusal: string | null;
    try {
      const event = toMessage(parsed, files, this.recipient, arrival);
      refusal = refusalOf(event, accountId);
      if (refusal === null) return { events: [event], receipts: [] };
    } catch (error) {
      refusal = wordsOf(error);
    }
    return this.park(mail, `show: ${refusal}`, arrival);
  }

  /** Shown as a mail that cannot be read, with its source: the mailbox goes on. */
  private async park(mail: FetchedMail, why: string, arrival: Arrival): Promise<ReadOut> {
    const { accountId } = this.recipient;
    this.context.logger.error({ accountId, uid: mail.uid, why: why.slice(0, 500) }, 'a mail cannot be read; going on');
    const kept = await storeSource(this.context.inbox, accountId, mail.source);
    return { events: [unreadable(mail.source, kept, { id: null, why }, arrival)], receipts: [] };
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
