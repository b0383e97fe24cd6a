import { Controller, Get, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Attachment, Id } from '@huiliu/contracts';
import { InboxClient, Uploads } from '@huiliu/connector-kit';
import { badRequest, RateLimits, tooMany, unsupportedMediaType, UPLOAD_LIMIT, ZodParam } from '@huiliu/platform';
import type { Visitor } from '../tokens';
import { visitorAttachment } from './domain/visitor-message';
import { CurrentVisitor, VisitorGuard } from './visitor.guard';

const RATE = { perMinute: 30, burst: 10 };

/** Files that a visitor brings and those in the conversation. The inbox keeps them; 503 while it does not answer. */
@ApiTags('website visitor')
@ApiBearerAuth()
@Controller('webchat/:accountId/attachments')
@UseGuards(VisitorGuard)
export class AttachmentsController {
  constructor(
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(InboxClient) private readonly inbox: InboxClient,
    @Inject(RateLimits) private readonly limits: RateLimits,
  ) {}

  @Post()
  async add(
    @ZodParam('accountId', Id) accountId: string,
    @CurrentVisitor() visitor: Visitor,
    @Req() request: FastifyRequest,
  ): Promise<Attachment> {
    const wait = this.limits.take('webchat-attachments', visitor.visitorId, RATE);
    if (wait > 0) throw tooMany(wait);
    if (!request.isMultipart()) throw unsupportedMediaType('expected multipart/form-data');
    // One byte more than we take: at its own limit the parser cuts a file off without a word.
    const part = await request.file({ limits: { fileSize: UPLOAD_LIMIT + 1 } }).catch((error: unknown) => {
      // The plugin's own refusals (no boundary, too many parts) are answered as they are; what it cannot parse is malformed.
      throw typeof (error as { code?: unknown }).code === 'string'
        ? error
        : badRequest('malformed', 'the multipart body is malformed');
    });
    if (part === undefined || part.fieldname !== 'file')
      throw badRequest('invalid', 'the field `file` is missing', [{ path: 'file', message: 'required' }]);
    const attachment = await this.uploads.add(visitor.visitorId, {
      stream: part.file,
      name: part.filename ?? '',
      mime: part.mimetype,
    });
    return visitorAttachment(attachment, accountId);
  }

  @Get(':id')
  async read(
    @ZodParam('accountId', Id) _accountId: string,
    @ZodParam('id', Id) id: string,
    @CurrentVisitor() visitor: Visitor,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { conversationId, visitorId } = visitor;
    const file = await this.inbox.download(id, {
      conversationId,
      visitorId,
      ...(request.headers.range === undefined ? {} : { range: request.headers.range }),
    });
    // Pages of other sites show pictures of theirs by plain elements, which send no Origin.
    reply.header('cross-origin-resource-policy', 'cross-origin');
    await reply.status(file.status).headers(file.headers).send(file.stream);
  }
}
