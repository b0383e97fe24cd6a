import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Id } from '@huiliu/contracts';
import { notFound, webFolder, ZodParam } from '@huiliu/platform';
import { Accounts } from '../visitor/accounts';

interface Script {
  readonly changedAtMs: number;
  readonly body: Buffer;
  readonly etag: string;
}

/** The script that websites embed, as built into `dist/web/widget`. */
@ApiExcludeController()
@Controller('webchat/:accountId')
export class WidgetController {
  private readonly path = join(webFolder('widget'), 'widget.js');
  private known: Script | null = null;

  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  @Get('widget.js')
  async script(
    @ZodParam('accountId', Id) accountId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.accounts.get(accountId);
    const { body, etag } = await this.read();
    void reply
      .header('access-control-allow-origin', '*')
      .header('cross-origin-resource-policy', 'cross-origin')
      .header('cache-control', 'public, max-age=300, stale-while-revalidate=86400')
      .header('etag', etag);
    const held = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (held?.includes(etag) === true) return void (await reply.status(304).send());
    await reply.header('content-type', 'text/javascript; charset=utf-8').send(body);
  }

  private async read(): Promise<Script> {
    const file = await stat(this.path).catch(() => null);
    if (file === null) throw notFound('script');
    if (this.known?.changedAtMs === file.mtimeMs) return this.known;
    const body = await readFile(this.path);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    return (this.known = { changedAtMs: file.mtimeMs, body, etag });
  }
}
