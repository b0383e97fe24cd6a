import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress, Config, notFound, servePages, type Upgrade, UpgradeRouter, webFolder } from '@huiliu/platform';
import { HttpProxy } from './proxy/http-proxy';
import { PostLines } from './proxy/post-lines';
import { WebSocketTunnel } from './proxy/websocket-tunnel';
import { type Target, targetOf } from './routes/routes';
import { readEdgeConfig } from './upstreams/edge-config';
import { EDGE_CONFIG, Upstreams } from './upstreams/upstreams';

const PROXIED = [
  '/api',
  '/api/*',
  '/ws',
  '/webchat/*',
  '/webhooks/*',
  '/sandbox',
  '/sandbox/*',
  '/internal',
  '/internal/*',
];

/** The one address of many processes: hands requests on by path, serves the console. */
@Module({
  providers: [
    { provide: EDGE_CONFIG, useFactory: () => readEdgeConfig(process.env) },
    Upstreams,
    { provide: PostLines, useFactory: () => new PostLines() },
    HttpProxy,
    WebSocketTunnel,
  ],
})
export class EdgeModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: Config,
    private readonly upgrades: UpgradeRouter,
    private readonly upstreams: Upstreams,
    private readonly http: HttpProxy,
    private readonly tunnel: WebSocketTunnel,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register((scope, _options, done) => {
      // Bodies are the apps' to read and to limit.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
      for (const url of PROXIED)
        scope.all(url, { config: { streamsBody: true, handsScopeOn: true } }, (request, reply) =>
          this.handle(request, reply),
        );
      done();
    });
    servePages(fastify, {
      prefix: '',
      folder: webFolder('console'),
      singlePage: true,
      leave: (path) => this.targetOf(path, '', null).to !== 'pages',
    });
    this.upgrades.add(/^\/(ws$|webchat\/|sandbox\/)/, (upgrade) => this.upgrade(upgrade), { handsScopeOn: true });
  }

  private async upgrade(upgrade: Upgrade): Promise<void> {
    const target = this.targetOf(
      upgrade.url.pathname,
      upgrade.address,
      tokenOf(upgrade.request.headers.authorization, () => upgrade.url.searchParams),
    );
    if (target.to !== 'app') return upgrade.reject(404, 'not_found', 'no such page');
    await this.tunnel.open(target.app, target.sticky, upgrade);
  }

  private async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const [path = '', query = ''] = request.url.split(/\?(.*)/s);
    // Only who has a choice need know which visitor it is.
    const token = this.choosesByVisitor
      ? tokenOf(request.headers.authorization, () => new URLSearchParams(query))
      : null;
    const target = this.targetOf(decoded(path), clientAddress(request, this.config), token);
    if (target.to !== 'app') throw notFound();
    await this.http.forward(target.app, target.sticky, request, reply);
  }

  private get choosesByVisitor(): boolean {
    const app = this.upstreams.appOf('webchat');
    return app !== null && this.upstreams.hasSeveral(app);
  }

  private targetOf(path: string, address: string, token: string | null): Target {
    const target = targetOf({ path, address, token }, (channel) => this.upstreams.appOf(channel));
    return target.to === 'app' && !this.upstreams.has(target.app) ? { to: 'nowhere' } : target;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw notFound();
  }
}

function tokenOf(authorization: string | undefined, query: () => URLSearchParams): string | null {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? query().get('token');
}
