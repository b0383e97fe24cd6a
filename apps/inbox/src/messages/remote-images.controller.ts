import { Controller, Get, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiProduces } from '@nestjs/swagger';
import { Id, RemoteImageQuery } from '@huiliu/contracts';
import { ZodParam, ZodQuery } from '@huiliu/platform';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { FILE_CSP } from '../attachments/attachment-http';
import { AgentGuard } from '../auth/guards';
import { CurrentViewer, type Viewer } from '../auth/viewer';
import { RemoteImages } from './remote-images';

@Controller('api/v1/messages')
@ApiBearerAuth()
@UseGuards(AgentGuard)
export class RemoteImagesController {
  constructor(private readonly images: RemoteImages) {}

  /** A picture of another site that the mail names, fetched by us so that its sender does not learn who looks. */
  @Get(':id/remote-image')
  @ApiProduces('image/*')
  async image(
    @CurrentViewer() viewer: Viewer,
    @ZodParam('id', Id) id: string,
    @ZodQuery(RemoteImageQuery) query: z.infer<typeof RemoteImageQuery>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { mime, bytes } = await this.images.fetch(viewer, id, query.url);
    await reply
      .header('content-type', mime)
      .header('content-disposition', 'inline')
      .header('content-security-policy', FILE_CSP)
      .header('cross-origin-resource-policy', 'same-site')
      .header('cache-control', 'private, max-age=3600')
      .send(bytes);
  }
}
