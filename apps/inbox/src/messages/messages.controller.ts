import { Controller, Get, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import {
  Conversation,
  Id,
  ListMessagesQuery,
  listOf,
  MailReplyTarget,
  Message,
  PostMessage,
  RetryMessage,
} from '@huiliu/contracts';
import { ZodAnswers, ZodBody, ZodParam, ZodQuery } from '@huiliu/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AgentGuard } from '../auth/guards';
import { CurrentViewer, type Viewer } from '../auth/viewer';
import { MessageActionsService } from './message-actions.service';
import { MessagesService } from './messages.service';

const Nothing = z.strictObject({});

@Controller('api/v1/conversations/:id')
@ApiBearerAuth()
@UseGuards(AgentGuard)
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly actions: MessageActionsService,
  ) {}

  @Get('messages')
  @ZodAnswers(listOf(Message))
  list(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodQuery(ListMessagesQuery) query: z.infer<typeof ListMessagesQuery>,
  ): Promise<{ items: Message[]; nextCursor: string | null }> {
    return this.messages.list(viewer, id, query);
  }

  /** Whom an answer by mail written now would reach, and its subject without `Re:`. */
  @Get('mail-reply')
  @ZodAnswers(MailReplyTarget)
  mailReply(@CurrentViewer() viewer: Viewer, @ZodParam('id', Id) id: string): Promise<MailReplyTarget> {
    return this.messages.mailReply(viewer, id);
  }

  /** 201; 200 with the first message when this `clientId` has been used. */
  @Post('messages')
  @ZodAnswers(Message, 201)
  async post(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(PostMessage) body: PostMessage,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Message> {
    const { message, created } = await this.messages.post(viewer, id, body);
    void reply.status(created ? 201 : 200);
    return message;
  }

  @Post('messages/:mid/retry')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  retry(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodParam('mid', Id) mid: string,
    @ZodBody(RetryMessage) body: z.infer<typeof RetryMessage>,
  ): Promise<Conversation> {
    return this.actions.retry(viewer, id, mid, body.force);
  }

  @Post('messages/:mid/confirm')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  confirm(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodParam('mid', Id) mid: string,
    @ZodBody(Nothing) _body: object,
  ): Promise<Conversation> {
    return this.actions.confirm(viewer, id, mid);
  }

  @Post('messages/:mid/recall')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  recall(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodParam('mid', Id) mid: string,
    @ZodBody(Nothing) _body: object,
  ): Promise<Conversation> {
    return this.actions.recall(viewer, id, mid);
  }
}
