import { Controller, Get, Post, Put, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { Agent, CreateAgent, Id, listOf, SetPresence, UpdateAgent } from '@huiliu/contracts';
import { ZodAnswers, ZodBody, ZodParam } from '@huiliu/platform';
import type { z } from 'zod';
import { AgentGuard, RolesGuard } from '../auth/guards';
import { CurrentViewer, Roles, type Viewer } from '../auth/viewer';
import { AgentsService } from './agents.service';
import { PresenceService } from './presence.service';

@Controller('api/v1/agents')
@ApiBearerAuth()
@UseGuards(AgentGuard, RolesGuard)
export class AgentsController {
  constructor(
    private readonly agents: AgentsService,
    private readonly presence: PresenceService,
  ) {}

  @Get()
  @ZodAnswers(listOf(Agent))
  async list(): Promise<{ items: Agent[]; nextCursor: null }> {
    return { items: await this.agents.list(), nextCursor: null };
  }

  @Post()
  @Roles('admin')
  @ZodAnswers(Agent, 201)
  create(@ZodBody(CreateAgent) body: CreateAgent): Promise<Agent> {
    return this.agents.create(body);
  }

  @Get('me')
  @ZodAnswers(Agent)
  me(@CurrentViewer() viewer: Viewer): Promise<Agent> {
    return this.agents.get(viewer.id);
  }

  @Put('me/presence')
  @ZodAnswers(Agent)
  async setPresence(
    @CurrentViewer() viewer: Viewer,
    @ZodBody(SetPresence) body: z.infer<typeof SetPresence>,
  ): Promise<Agent> {
    await this.presence.set(viewer.id, body.status, body.reason ?? null);
    return this.agents.get(viewer.id);
  }

  @Put(':id')
  @Roles('admin')
  @ZodAnswers(Agent)
  update(@ZodParam('id', Id) id: string, @ZodBody(UpdateAgent) body: UpdateAgent): Promise<Agent> {
    return this.agents.update(id, body);
  }
}
