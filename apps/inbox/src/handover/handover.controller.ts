import { Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { Conversation, HandOverConversation, Id, listOf, Servicer } from '@huiliu/contracts';
import { ZodAnswers, ZodBody, ZodParam } from '@huiliu/platform';
import type { z } from 'zod';
import { AgentGuard } from '../auth/guards';
import { CurrentViewer, type Viewer } from '../auth/viewer';
import { HandoverService } from './handover.service';

@Controller('api/v1/conversations')
@ApiBearerAuth()
@UseGuards(AgentGuard)
export class HandoverController {
  constructor(private readonly handover: HandoverService) {}

  @Get(':id/servicers')
  @ZodAnswers(listOf(Servicer))
  servicers(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
  ): Promise<{ items: Servicer[]; nextCursor: null }> {
    return this.handover.servicers(viewer, id);
  }

  @Post(':id/handover')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  handOver(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodBody(HandOverConversation) body: z.infer<typeof HandOverConversation>,
  ): Promise<Conversation> {
    return this.handover.handOver(viewer, id, body);
  }
}
