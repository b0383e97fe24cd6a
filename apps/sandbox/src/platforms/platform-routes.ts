import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import { notFound, UPLOAD_LIMIT } from '@huiliu/platform';
import type { ApiAnswer, ApiCall } from './platform';
import { platformPath, PlayedAccounts } from './played-accounts';
import { PLATFORMS } from './platforms';

/** The platforms' APIs under `/sandbox/platform/<channel>/…`: bodies as they come, answers in the platform's own words. */
@Injectable()
export class PlatformRoutes implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly accounts: PlayedAccounts,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register((scope, _options, done) => {
      // Multipart stays as it is read elsewhere; everything else is the platform's to read.
      scope.removeContentTypeParser(['application/json', 'text/plain']);
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
      const handler = (request: FastifyRequest, reply: FastifyReply): Promise<void> => this.handle(request, reply);
      scope.get('/sandbox/platform/:channel/*', { exposeHeadRoute: false }, handler);
      scope.post('/sandbox/platform/:channel/*', { config: { takesFiles: true } }, handler);
      done();
    });
  }

  private async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { channel } = request.params as { channel: string };
    const platform = PLATFORMS.find((one) => one.channel === channel);
    if (platform === undefined) throw notFound('platform');
    const call = await callOf(request, channel);
    const played = this.accounts.of(channel).find(({ account }) => account.owns(call));
    if (played === undefined) return this.send(reply, platform.stranger(call));
    const { faults } = played;
    const slow = faults.take('slow', call.path);
    if (slow !== null) await wait(slow.ms);
    if (faults.take('error_5xx', call.path) !== null)
      return this.send(reply, { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>502</h1>' });
    await this.send(reply, await played.account.call(call));
  }

  private async send(reply: FastifyReply, answer: ApiAnswer): Promise<void> {
    if (answer.lost === true) {
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    await reply.status(answer.status).headers(answer.headers).send(answer.body);
  }
}

async function callOf(request: FastifyRequest, channel: string): Promise<ApiCall> {
  const [path = '', query = ''] = (request.raw.url ?? '').split(/\?(.*)/s);
  const upload = request.isMultipart() ? await request.file({ limits: { fileSize: UPLOAD_LIMIT } }) : undefined;
  return {
    method: request.method,
    path: path.slice(platformPath(channel).length),
    query: new URLSearchParams(query),
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    file:
      upload === undefined ? null : { name: upload.filename, mime: upload.mimetype, bytes: await upload.toBuffer() },
  };
}
