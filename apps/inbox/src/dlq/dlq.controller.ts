import { Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { DlqItem, Id, ListDlqQuery, listOf } from '@huiliu/contracts';
import { ZodAnswers, ZodParam, ZodQuery } from '@huiliu/platform';
import type { z } from 'zod';
import { AgentGuard, RolesGuard } from '../auth/guards';
import { Roles } from '../auth/viewer';
import { DlqService } from './dlq.service';

/** Supervisors look; admins decide what becomes of an entry. */
@Controller('api/v1/dlq')
@ApiBearerAuth()
@UseGuards(AgentGuard, RolesGuard)
export class DlqController {
  constructor(private readonly dlq: DlqService) {}

  @Get()
  @Roles('supervisor', 'admin')
  @ZodAnswers(listOf(DlqItem))
  list(
    @ZodQuery(ListDlqQuery) query: z.infer<typeof ListDlqQuery>,
  ): Promise<{ items: DlqItem[]; nextCursor: string | null }> {
    return this.dlq.list(query.cursor ?? null, query.limit);
  }

  @Post(':id/replay')
  @HttpCode(200)
  @Roles('admin')
  @ZodAnswers(DlqItem)
  replay(@ZodParam('id', Id) id: string): Promise<DlqItem> {
    return this.dlq.command(id, 'dlq.replay');
  }

  @Post(':id/discard')
  @HttpCode(200)
  @Roles('admin')
  @ZodAnswers(DlqItem)
  discard(@ZodParam('id', Id) id: string): Promise<DlqItem> {
    return this.dlq.command(id, 'dlq.discard');
  }
}
