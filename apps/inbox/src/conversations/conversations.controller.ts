import { Controller, Get, HttpCode, Patch, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import {
  AssignConversation,
  Conversation,
  Decision,
  Id,
  ListConversationsQuery,
  listOf,
  ReadConversation,
  ResolveConversation,
  SnoozeConversation,
  TransferConversation,
  UpdateConversation,
} from '@huiliu/contracts';
import { ZodAnswers, ZodBody, ZodParam, ZodQuery } from '@huiliu/platform';
import type { z } from 'zod';
import { AgentGuard } from '../auth/guards';
import { CurrentViewer, type Viewer } from '../auth/viewer';
import { ActionsService } from './actions.service';
import { ConversationsService } from './conversations.service';

@Controller('api/v1/conversations')
@ApiBearerAuth()
@UseGuards(AgentGuard)
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly actions: ActionsService,
  ) {}

  @Get()
  @ZodAnswers(listOf(Conversation))
  list(
    @CurrentViewer() viewer: Viewer,
    @ZodQuery(ListConversationsQuery) query: ListConversationsQuery,
  ): Promise<{ items: Conversation[]; nextCursor: string | null }> {
    return this.conversations.list(viewer, query);
  }

  @Get(':id')
  @ZodAnswers(Conversation)
  one(@CurrentViewer() viewer: Viewer, @ZodParam('id', Id) id: string): Promise<Conversation> {
    return this.conversations.one(viewer, id);
  }

  @Patch(':id')
  @ZodAnswers(Conversation)
  update(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(UpdateConversation) body: z.infer<typeof UpdateConversation>,
  ): Promise<Conversation> {
    return this.conversations.update(viewer, id, body);
  }

  @Get(':id/decisions')
  @ZodAnswers(listOf(Decision))
  decisions(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
  ): Promise<{ items: Decision[]; nextCursor: null }> {
    return this.conversations.decisions(viewer, id);
  }

  @Post(':id/read')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  read(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(ReadConversation) body: z.infer<typeof ReadConversation>,
  ): Promise<Conversation> {
    return this.conversations.read(viewer, id, body.seq);
  }

  @Post(':id/assign')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  assign(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(AssignConversation) body: z.infer<typeof AssignConversation>,
  ): Promise<Conversation> {
    return this.actions.assign(viewer, id, body.agentId);
  }

  @Post(':id/transfer')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  transfer(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(TransferConversation) body: z.infer<typeof TransferConversation>,
  ): Promise<Conversation> {
    return this.actions.transfer(viewer, id, body);
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  resolve(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(ResolveConversation) body: z.infer<typeof ResolveConversation>,
  ): Promise<Conversation> {
    return this.actions.resolve(viewer, id, body);
  }

  @Post(':id/reopen')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  reopen(@CurrentViewer() viewer: Viewer, @ZodParam('id', Id) id: string): Promise<Conversation> {
    return this.actions.reopen(viewer, id);
  }

  @Post(':id/snooze')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  snooze(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(SnoozeConversation) body: z.infer<typeof SnoozeConversation>,
  ): Promise<Conversation> {
    return this.actions.snooze(viewer, id, body);
  }
}
