import { Controller, Get, Post, Put, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { CreateTeam, Id, listOf, Team, UpdateTeam } from '@huiliu/contracts';
import { ZodAnswers, ZodBody, ZodParam } from '@huiliu/platform';
import { AgentGuard, RolesGuard } from '../auth/guards';
import { Roles } from '../auth/viewer';
import { TeamsService } from './teams.service';

@Controller('api/v1/teams')
@ApiBearerAuth()
@UseGuards(AgentGuard, RolesGuard)
export class TeamsController {
  constructor(private readonly teams: TeamsService) {}

  @Get()
  @ZodAnswers(listOf(Team))
  async list(): Promise<{ items: Team[]; nextCursor: null }> {
    return { items: await this.teams.list(), nextCursor: null };
  }

  @Post()
  @Roles('admin')
  @ZodAnswers(Team, 201)
  create(@ZodBody(CreateTeam) body: CreateTeam): Promise<Team> {
    return this.teams.create(body);
  }

  @Put(':id')
  @Roles('admin')
  @ZodAnswers(Team)
  update(@ZodParam('id', Id) id: string, @ZodBody(UpdateTeam) body: UpdateTeam): Promise<Team> {
    return this.teams.update(id, body);
  }
}
