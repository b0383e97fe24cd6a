import { Controller, Get, HttpCode, Inject, Post, Req, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  type Content,
  Id,
  type MessageReceived,
  type VisitorMessage,
  VisitorMessagesQuery,
  VisitorPost,
  VisitorPosted,
  withPlainText,
  type WritableContent,
} from '@huiliu/contracts';
import { EventGate, InboxClient, Uploads } from '@huiliu/connector-kit';
import {
  badRequest,
  messageIdOf,
  RateLimits,
  runNow,
  scopeOf,
  tooMany,
  ZodBody,
  ZodParam,
  ZodQuery,
} from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { definition } from '../definition';
import { remoteMessageId } from '../ids';
import type { Visitor } from '../tokens';
import { forVisitor } from './domain/visitor-message';
import { CurrentVisitor, VisitorGuard } from './visitor.guard';

const RATE = { perMinute: 60, burst: 20 };

/** What a visitor writes and reads again. */
@ApiTags('website visitor')
@ApiBearerAuth()
@Controller('webchat/:accountId/messages')
@UseGuards(VisitorGuard)
export class MessagesController {
  constructor(
    @Inject(EventGate) private readonly gate: EventGate,
    @Inject(InboxClient) private readonly inbox: InboxClient,
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(RateLimits) private readonly limits: RateLimits,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Accepted once it is durable. The same `clientId` is the same message, however often it comes. */
  @Post()
  @HttpCode(202)
  @RouteConfig({ handsScopeOn: true })
  async post(
    @ZodParam('accountId', Id) _accountId: string,
    @CurrentVisitor() visitor: Visitor,
    @ZodBody(VisitorPost) message: z.infer<typeof VisitorPost>,
    @Req() request: FastifyRequest,
  ): Promise<z.infer<typeof VisitorPosted>> {
    const wait = this.limits.take('webchat-messages', visitor.visitorId, RATE);
    if (wait > 0) throw tooMany(wait);
    const { clientId } = message;
    const content =
      'attachment' in message.content ? await this.withFile(message.content, visitor) : withPlainText(message.content);
    const id = messageIdOf(visitor.conversationId, 'inbound', clientId);
    const now = this.clock.now().toISOString();
    const { accountId, conversationId } = visitor;
    // Written out: put together by spreading it took as long as all the checks before.
    const received: MessageReceived = {
      accountId,
      channel: definition.channel,
      remoteConversationId: conversationId,
      conversationId,
      contact: contactOf(visitor),
      direction: 'inbound',
      remoteId: remoteMessageId(id),
      messageId: id,
      clientId,
      content,
      sentAt: now,
    };
    await runNow(scopeOf(request), () => this.gate.publishRead(received));
    return { id, clientId, acceptedAt: now };
  }

  /** What was said, ascending after `after`; 503 while the inbox does not answer. */
  @Get()
  async list(
    @ZodParam('accountId', Id) accountId: string,
    @CurrentVisitor() visitor: Visitor,
    @ZodQuery(VisitorMessagesQuery) query: z.infer<typeof VisitorMessagesQuery>,
  ): Promise<{ items: VisitorMessage[]; nextCursor: string | null }> {
    const { items, nextCursor } = await this.inbox.visitorMessages({
      accountId,
      conversationId: visitor.conversationId,
      after: query.after,
    });
    return { items: items.map((message) => forVisitor(message, accountId)), nextCursor };
  }

  /** A file is one that this visitor brought through this connector. */
  private async withFile(
    content: Extract<WritableContent, { attachment: unknown }>,
    visitor: Visitor,
  ): Promise<Content> {
    const attachment = await this.uploads.find(visitor.visitorId, content.attachment.id);
    if (attachment === null)
      throw badRequest('unknown_attachment', 'no such attachment', [
        { path: 'content.attachment.id', message: 'unknown' },
      ]);
    return { ...content, attachment };
  }
}

/** Who writes, as the inbox adopts them. */
function contactOf({ visitorId, identity }: Visitor): MessageReceived['contact'] {
  if (identity === null) return { remoteId: visitorId, contactId: visitorId, verified: false };
  const { id, name } = identity;
  const known = { remoteId: id, contactId: visitorId, verified: true };
  return name === null ? known : { ...known, name };
}
