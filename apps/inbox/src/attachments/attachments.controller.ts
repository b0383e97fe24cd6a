import { Controller, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiProduces, ApiQuery } from '@nestjs/swagger';
import { Attachment, AttachmentTicket, Id } from '@huiliu/contracts';
import { unauthorized, ZodAnswers, ZodParam } from '@huiliu/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AuthService } from '../auth/auth.service';
import { AgentGuard } from '../auth/guards';
import { TicketsService } from '../auth/tickets.service';
import { CurrentTokenHash, CurrentViewer, type Viewer } from '../auth/viewer';
import { sendFile, withUpload } from './attachment-http';
import { AttachmentsService } from './attachments.service';

/** Long enough to look at a picture and to seek in a video. */
const TICKET_MS = 10 * 60_000;

@Controller('api/v1/attachments')
@ApiBearerAuth()
export class AttachmentsController {
  constructor(
    private readonly attachments: AttachmentsService,
    private readonly auth: AuthService,
    private readonly tickets: TicketsService,
  ) {}

  @Post()
  @UseGuards(AgentGuard)
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
  })
  @ZodAnswers(Attachment, 201)
  upload(@CurrentViewer() viewer: Viewer, @Req() request: FastifyRequest): Promise<Attachment> {
    return withUpload(request, (upload) => this.attachments.add(upload, { type: 'agent', id: viewer.id }));
  }

  /** By bearer, or by a ticket for this file: what an `<img>` can carry. */
  @Get(':id')
  @ApiQuery({ name: 'ticket', required: false, type: String })
  @ApiProduces('application/octet-stream')
  async download(
    @ZodParam('id', Id) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const viewer = await this.readerOf(id, request);
    await sendFile(this.attachments, await this.attachments.forAgent(viewer, id), request, reply);
  }

  @Post(':id/ticket')
  @UseGuards(AgentGuard)
  @ZodAnswers(AttachmentTicket, 201)
  async ticket(
    @ZodParam('id', Id) id: string,
    @CurrentViewer() viewer: Viewer,
    @CurrentTokenHash() tokenHash: string,
  ): Promise<z.infer<typeof AttachmentTicket>> {
    const file = await this.attachments.forAgent(viewer, id);
    const { ticket, expiresAt } = await this.tickets.issue(
      'attachment',
      { subjectId: id, agentId: viewer.id, tokenHash },
      TICKET_MS,
    );
    return { url: `${file.url}?ticket=${ticket}`, expiresAt: expiresAt.toISOString() };
  }

  private async readerOf(id: string, request: FastifyRequest): Promise<Viewer> {
    const { ticket } = request.query as { ticket?: unknown };
    if (ticket === undefined) return (await this.auth.requireBearer(request.headers.authorization)).viewer;
    const found = typeof ticket === 'string' ? await this.tickets.find(ticket, 'attachment') : null;
    if (found === null || found.subjectId !== id) throw unauthorized('the ticket is unknown or has run out');
    // The ticket ends with the login that asked for it, and shows no more than its holder sees now.
    const signedIn = await this.auth.authenticateHash(found.agentId, found.tokenHash);
    if (signedIn === null) throw unauthorized('the ticket is unknown or has run out');
    return signedIn.viewer;
  }
}
