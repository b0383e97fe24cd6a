import { Controller, Get, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { InternalVisitorMessagesQuery, type VisitorMessage } from '@huiliu/contracts';
import { InternalGuard, ZodQuery } from '@huiliu/platform';
import { Database } from '@huiliu/storage';
import type { z } from 'zod';
import { ConversationsRepository } from '../conversations/conversations.repository';
import { presentToVisitor } from './domain/message';
import { MessagesRepository } from './messages.repository';

const PAGE = 50;

/** What a visitor may read again, for the connector that speaks with them. */
@Controller('internal/visitor')
@UseGuards(InternalGuard)
@ApiExcludeController()
export class VisitorMessagesController {
  constructor(
    private readonly database: Database,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
  ) {}

  /** Ascending from `after`; `nextCursor` is the next `after`. A conversation that has no message yet, or is another account's, is empty. */
  @Get('messages')
  async list(
    @ZodQuery(InternalVisitorMessagesQuery) query: z.infer<typeof InternalVisitorMessagesQuery>,
  ): Promise<{ items: VisitorMessage[]; nextCursor: string | null }> {
    const thread = (await this.conversations.byIds(this.database, [query.conversationId])).get(query.conversationId);
    if (thread?.accountId !== query.accountId) return { items: [], nextCursor: null };
    const found = await this.messages.publicAfter(this.database, query.conversationId, query.after, PAGE + 1);
    const items = found.slice(0, PAGE).map(presentToVisitor);
    return { items, nextCursor: found.length > PAGE ? String(items.at(-1)?.seq) : null };
  }
}
