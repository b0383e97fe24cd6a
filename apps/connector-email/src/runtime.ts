import {
  type AccountCheck,
  type AccountContext,
  ConnectorError,
  defineConnector,
  type Pulled,
  type RuntimeOf,
  type SendableKind,
  type SendPart,
  type SendResult,
} from '@huiliu/connector-kit';
import { definition, type EmailConfig } from './definition';
import { imapError, isAccountTrouble, smtpError } from './errors';
import { AccountHealth } from './health';
import { ID_PURPOSE, OwnIds } from './ids';
import { Mailbox } from './imap/mailbox';
import { Reader } from './imap/reader';
import { MailReader } from './mail-reader';
import { plusAddress } from './mime/message-ids';
import { encoders, type MailDraft, mailOf } from './outbound';
import { Courier } from './smtp/courier';

type Definition = typeof definition;
type Context = AccountContext<EmailConfig, Definition>;

const INBOX = 'INBOX';
/** A mailbox does not fill in minutes. */
const LOOK_AT_ROOM_MS = 10 * 60_000;

/** One mailbox's life: it is read where the account's lease is, and answered from any process. */
class EmailRuntime {
  /** It knows more than that a pull succeeded, and waits inside one. */
  readonly reportsItself = true;
  readonly pullEveryMs = 0;
  private readonly ids: OwnIds;
  private readonly health: AccountHealth;
  private readonly reader: Reader;
  private readonly courier: Courier;
  private roomSeenAt = -Infinity;

  constructor(private readonly context: Context) {
    const { account, clock, fetch } = context;
    const { config } = account;
    this.ids = new OwnIds(context.keys(ID_PURPOSE), config.address);
    this.health = new AccountHealth((...how) => context.report(...how));
    this.courier = new Courier(fetch, config.smtp, domainOf(config.address));
    const mails = new MailReader(context, { accountId: account.id, address: config.address, ids: this.ids });
    this.reader = new Reader({
      importFrom: config.importFrom,
      markSeen: config.markSeen ?? false,
      now: () => clock.now(),
      open: async (signal) =>
        Mailbox.open(config.imap, await this.imapAddress(), {
          folder: config.folder ?? INBOX,
          writes: config.markSeen ?? false,
          signal,
        }),
      read: (mail) => mails.read(mail),
      unfetched: (head) => mails.unfetched(head),
      wellAt: (progress) => this.health.receives(progress),
      rests: (box) => this.lookAtRoom(box),
    });
  }

  async pull(cursor: string | null, _hint: string | null, signal: AbortSignal): Promise<Pulled<Definition>> {
    try {
      return await this.reader.pull(cursor, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const known = imapError(error, this.context.account.config.imap.host);
      this.health.receivesNot(known);
      throw known;
    }
  }

  async send(draft: MailDraft, part: SendPart<SendableKind<Definition>>, signal: AbortSignal): Promise<SendResult> {
    const { account, clock, inbox } = this.context;
    const messageId = this.ids.messageId(part);
    const { file } = draft;
    const mail = this.compose(draft, part, messageId, clock.now());
    const open =
      file === null
        ? null
        : async () =>
            (await inbox.download(file.id, { conversationId: part.conversationId, visitorId: account.id })).stream;
    try {
      const { rejected } = await this.courier.send(mail, open, signal);
      if (rejected.length > 0)
        this.context.logger.warn(
          { accountId: account.id, refused: rejected.length },
          'a mail went out, but not to all',
        );
    } catch (error) {
      const known = smtpError(error, account.config.smtp.host, false);
      if (isAccountTrouble(known)) this.health.sendsNot(known);
      throw known;
    }
    this.health.sends();
    return { remoteId: messageId };
  }

  async check(): Promise<AccountCheck> {
    const { config } = this.context.account;
    const [[receiving, fullness], sending] = await Promise.all([
      this.imapAddress()
        .then((address) => Mailbox.check(config.imap, address, config.folder ?? INBOX))
        .then(
          (full) => [null, full] as const,
          (error: unknown) => [imapError(error, config.imap.host), null] as const,
        ),
      this.courier.check().then(
        () => null,
        (error: unknown) => smtpError(error, config.smtp.host, false),
      ),
    ]);
    this.health.checked({ receiving, sending, fullness });
    const wrong = [receiving, sending].filter((one) => one !== null);
    return { ok: wrong.length === 0, error: wrong.length === 0 ? null : wrong.map((one) => one.message).join('\n') };
  }

  stop(): Promise<void> {
    this.reader.close();
    return Promise.resolve();
  }

  private async lookAtRoom(box: Mailbox): Promise<void> {
    const now = this.context.clock.now().getTime();
    if (now - this.roomSeenAt < LOOK_AT_ROOM_MS) return;
    this.roomSeenAt = now;
    this.health.isFull(await box.fullness());
  }

  private compose(draft: MailDraft, part: Omit<SendPart, 'content'>, messageId: string, date: Date) {
    const { config, name } = this.context.account;
    const replyTo = config.plusAddressing === true ? this.plusAddress(part.conversationId) : null;
    try {
      return mailOf(draft, part, { name, config, messageId, replyTo, date });
    } catch (error) {
      throw new ConnectorError('rejected', 'no_recipient', error instanceof Error ? error.message : 'no mail', {
        cause: error,
      });
    }
  }

  private plusAddress(conversationId: string): string | null {
    return plusAddress(this.context.account.config.address, conversationId, this.ids.secret);
  }

  private imapAddress() {
    const { host, port } = this.context.account.config.imap;
    return this.context.fetch.pin(host, port);
  }
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** Mailboxes as the kit runs them. */
export const emailConnector = defineConnector({
  definition,
  encoders,
  open: (context): RuntimeOf<Definition, MailDraft> => new EmailRuntime(context),
});
