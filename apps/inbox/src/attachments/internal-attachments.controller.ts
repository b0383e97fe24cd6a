import { Controller, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Id, InternalAttachmentQuery, UPLOADER_HEADER, type Attachment } from '@huiliu/contracts';
import { InternalGuard, parse, ZodParam, ZodQuery } from '@huiliu/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { sendFile, withUpload } from './attachment-http';
import { AttachmentsService } from './attachments.service';

/** Files of visitors, for the connectors that speak with them. */
@Controller('internal/attachments')
@UseGuards(InternalGuard)
@ApiExcludeController()
export class InternalAttachmentsController {
  constructor(private readonly attachments: AttachmentsService) {}

  @Post()
  upload(@Req() request: FastifyRequest): Promise<Attachment> {
    const id = parse(Id, request.headers[UPLOADER_HEADER], UPLOADER_HEADER);
    return withUpload(request, (upload) => this.attachments.add(upload, { type: 'visitor', id }));
  }

  @Get(':id')
  async download(
    @ZodParam('id', Id) id: string,
    @ZodQuery(InternalAttachmentQuery) query: z.infer<typeof InternalAttachmentQuery>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const visitorId = Id.safeParse(request.headers[UPLOADER_HEADER]).data ?? null;
    await sendFile(
      this.attachments,
      await this.attachments.forVisitor(id, query.conversationId, visitorId),
      request,
      reply,
    );
  }
}
