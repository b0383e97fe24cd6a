import { Controller, HttpCode, Post, Put, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { ChangePassword, LoginAnswer, LoginRequest, WsTicket } from '@huiliu/contracts';
import { clientAddress, Config, ZodAnswers, ZodBody } from '@huiliu/platform';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AuthService } from './auth.service';
import { AgentGuard } from './guards';
import { TicketsService } from './tickets.service';
import { CurrentTokenHash, CurrentViewer, type Viewer } from './viewer';

const WS_TICKET_MS = 30_000;

@Controller('api/v1')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly tickets: TicketsService,
    private readonly config: Config,
  ) {}

  @Post('auth/login')
  @HttpCode(200)
  @ZodAnswers(LoginAnswer)
  async login(
    @ZodBody(LoginRequest) body: z.infer<typeof LoginRequest>,
    @Req() request: FastifyRequest,
  ): Promise<{ token: string }> {
    return { token: await this.auth.login(body.username, body.password, clientAddress(request, this.config)) };
  }

  @Post('auth/logout')
  @ApiBearerAuth()
  @HttpCode(204)
  @UseGuards(AgentGuard)
  async logout(@CurrentViewer() viewer: Viewer, @CurrentTokenHash() tokenHash: string): Promise<void> {
    await this.auth.logout(viewer, tokenHash);
  }

  @Put('agents/me/password')
  @ApiBearerAuth()
  @HttpCode(204)
  @UseGuards(AgentGuard)
  async changePassword(
    @CurrentViewer() viewer: Viewer,
    @ZodBody(ChangePassword) body: z.infer<typeof ChangePassword>,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.auth.changePassword(viewer, body.currentPassword, body.newPassword, clientAddress(request, this.config));
  }

  @Post('ws-ticket')
  @ApiBearerAuth()
  @ZodAnswers(WsTicket, 201)
  @UseGuards(AgentGuard)
  async wsTicket(@CurrentViewer() viewer: Viewer, @CurrentTokenHash() tokenHash: string): Promise<{ ticket: string }> {
    const { ticket } = await this.tickets.issue(
      'ws',
      { subjectId: viewer.id, agentId: viewer.id, tokenHash },
      WS_TICKET_MS,
    );
    return { ticket };
  }
}
