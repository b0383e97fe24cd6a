import { Controller, Get, Inject, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Id, type VisitorSession, VisitorSessionRequest } from '@huiliu/contracts';
import { ZodBody, ZodParam } from '@huiliu/platform';
import { Accounts } from '../visitor/accounts';
import { SessionService } from './session.service';

/** Where a visitor begins. */
@ApiTags('website visitor')
@Controller('webchat/:accountId')
export class SessionController {
  constructor(
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(SessionService) private readonly sessions: SessionService,
  ) {}

  @Post('session')
  open(
    @ZodParam('accountId', Id) accountId: string,
    @ZodBody(VisitorSessionRequest) request: z.infer<typeof VisitorSessionRequest>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): VisitorSession {
    const { session, fresh } = this.sessions.open(this.accounts.get(accountId), request);
    void reply.status(fresh ? 201 : 200);
    return session;
  }

  /** What the widget shows before anything is said. */
  @Get('config')
  config(@ZodParam('accountId', Id) accountId: string): { name: string } {
    return { name: this.accounts.get(accountId).name };
  }
}
