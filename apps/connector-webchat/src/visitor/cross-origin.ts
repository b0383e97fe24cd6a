import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Config, forbidden } from '@huiliu/platform';
import { Accounts } from './accounts';
import { admitsOrigin } from './origins';

const BASE = '/webchat/:accountId';
const PREFLIGHTS = ['session', 'messages', 'attachments', 'attachments/:id', 'config'].map((path) => `${BASE}/${path}`);
/** Any page may embed the script; what it then does is judged by the origin it runs in. */
const OPEN = `${BASE}/widget.js`;

/**
 * Judges the origin of every request on the visitors' surface before anything else is looked at, by the route that was matched (never by the
 * text of the path), and answers preflights.
 */
@Injectable()
export class CrossOrigin implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly adapter: HttpAdapterHost,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(Config) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, reply, done) => {
      const route = request.routeOptions.url;
      if (route === undefined || route === OPEN || !route.startsWith(`${BASE}/`)) return done();
      try {
        this.judge(request, reply);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
    for (const path of PREFLIGHTS) {
      fastify.options(path, (_request, reply) =>
        reply
          .status(204)
          .header('access-control-allow-methods', 'GET, POST, OPTIONS')
          .header('access-control-allow-headers', 'authorization, content-type')
          .header('access-control-max-age', '600')
          .send(),
      );
    }
  }

  private judge(request: FastifyRequest, reply: FastifyReply): void {
    const account = this.accounts.get((request.params as { accountId: string }).accountId);
    const { origin, host } = request.headers;
    reply.header('vary', 'origin');
    if (!admitsOrigin(origin, account.config.allowedOrigins, { publicUrl: this.config.publicUrl, host }))
      throw forbidden('not from this website');
    if (origin === undefined) return;
    reply
      .header('access-control-allow-origin', origin)
      .header('access-control-expose-headers', 'retry-after')
      .header('cross-origin-resource-policy', 'cross-origin');
  }
}
