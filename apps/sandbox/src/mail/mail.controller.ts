import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  AppError,
  badRequest,
  notFound,
  SANDBOX_MAIL_PASSWORD,
  tooLarge,
  unsupportedMediaType,
  UPLOAD_LIMIT,
  ZodBody,
  ZodParam,
  ZodQuery,
} from '@huiliu/platform';
import { MailboxQuery, OwnerQuery, Position, RawMail, WriteMail } from './mail-schemas';
import { MailServer, type PortTaken } from './mail-server';
import { type MailView, readAttachment, readMail } from './read-mail';
import { StoreFull } from './store/mail-store';
import type { StoredMail } from './store/mailbox';
import { threadsOf } from './threads';
import { writeMail } from './write-mail';

/** A mail in somebody's mailbox. `thread`: the id of its first mail. */
type ListedMail = MailView & { readonly folder: 'inbox' | 'sent'; readonly thread: number };

/** What the sandbox's mail page, and tests, do with everyone's mails. */
@Controller('sandbox/api/mail')
export class MailController {
  constructor(private readonly server: MailServer) {}

  /** Where the mail server listens, with what a mailbox opens, and which ports it could not have. */
  @Get('server')
  describe(): { host: string; smtpPort: number; imapPort: number; password: string; problems: readonly PortTaken[] } {
    const { smtpPort = 0, imapPort = 0 } = this.server.ports ?? {};
    return { host: '127.0.0.1', smtpPort, imapPort, password: SANDBOX_MAIL_PASSWORD, problems: this.server.problems };
  }

  /** Sends what a person wrote. 400 when a file, or the mail that it answers, is not there any more. */
  @Post('send')
  send(@ZodBody(WriteMail) mail: WriteMail): Promise<{ id: number; messageId: string }> {
    return orFull(() => writeMail(this.server.mails, this.server.files, mail));
  }

  /** Delivers a mail as it is. */
  @Post('raw')
  raw(@ZodBody(RawMail) { from, to, source }: RawMail): Promise<{ id: number }> {
    return orFull(async () => {
      const { id } = this.server.mails.deliver({ from, to }, Buffer.from(source, 'base64'));
      return { id };
    });
  }

  /** Keeps a file until a mail takes it along. */
  @Post('attachments')
  async attach(@Req() request: FastifyRequest): Promise<{ id: string; name: string; size: number }> {
    if (!request.isMultipart()) throw unsupportedMediaType('expected multipart/form-data');
    const part = await request.file({ limits: { fileSize: UPLOAD_LIMIT + 1 } });
    if (part?.fieldname !== 'file')
      throw badRequest('invalid', 'the field `file` is missing', [{ path: 'file', message: 'required' }]);
    const bytes = await part.toBuffer().catch(() => null);
    if (bytes === null || bytes.length > UPLOAD_LIMIT) throw tooLarge(UPLOAD_LIMIT);
    const name = part.filename.slice(0, 200) || 'file';
    return { id: this.server.files.add({ name, mime: part.mimetype, bytes }), name, size: bytes.length };
  }

  /**
   * A person's mails, received and sent, the oldest first; those after `after` only, unless the server has begun anew since
   * `generation`.
   */
  @Get('mails')
  async list(
    @ZodQuery(MailboxQuery) { address, after, generation }: MailboxQuery,
  ): Promise<{ items: ListedMail[]; nextCursor: null; generation: number }> {
    const { mails } = this.server;
    const { inbox = [], sent: own = [] } = mails.peek(address) ?? {};
    const from = (generation ?? mails.uidValidity) === mails.uidValidity ? after : 0;
    const sent = new Set(own.map(({ id }) => id));
    const all = [...inbox, ...own].sort((a, b) => a.id - b.id);
    const threads = threadsOf(all);
    const items = await Promise.all(
      all
        .filter(({ id }) => id > from)
        .map(async (mail) => ({
          ...(await readMail(mail)),
          folder: sent.has(mail.id) ? ('sent' as const) : ('inbox' as const),
          thread: threads.get(mail.id) ?? mail.id,
        })),
    );
    return { items, nextCursor: null, generation: mails.uidValidity };
  }

  /** The mail as it came over the wire. */
  @Get('mails/:id/source')
  async source(
    @ZodParam('id', Position) id: number,
    @ZodQuery(OwnerQuery) { address }: { address: string },
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await download(reply, `mail-${id}.eml`, 'message/rfc822', this.find(address, id).raw);
  }

  @Get('mails/:id/attachments/:index')
  async attachment(
    @ZodParam('id', Position) id: number,
    @ZodParam('index', Position) index: number,
    @ZodQuery(OwnerQuery) { address }: { address: string },
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await readAttachment(this.find(address, id), index);
    if (file === null) throw notFound('file');
    await download(reply, file.name, 'application/octet-stream', file.bytes);
  }

  private find(address: string, id: number): StoredMail {
    const mail = this.server.mails.peek(address)?.find(id);
    if (mail === undefined) throw notFound('mail');
    return mail;
  }
}

async function download(reply: FastifyReply, name: string, type: string, bytes: Buffer): Promise<void> {
  const disposition = `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`;
  await reply.header('content-type', type).header('content-disposition', disposition).send(bytes);
}

async function orFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StoreFull ? new AppError(507, 'full', error.message) : error;
  }
}
