import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Config, newId, UpgradeRouter, type Upgrade } from '@huiliu/platform';
import { Clock } from '@huiliu/storage';
import { Logger } from 'nestjs-pino';
import { HEARTBEAT_MS, PresenceService } from '../agents/presence.service';
import { AuthService } from '../auth/auth.service';
import { TicketsService } from '../auth/tickets.service';
import { TokensService } from '../auth/tokens.service';
import { AgentSocket, CLOSE } from './agent-socket';
import { ClientFrames } from './client-frames';
import { isOwnOrigin } from './domain/origin';
import { FrameCache } from './frame-cache';
import { InboxFeed } from './inbox-feed';
import { SocketHub } from './socket-hub';

const MAX_FRAME_BYTES = 16 * 1024;

/** `/ws?ticket=…`: opens agents' sockets, counts them for presence, and ends those whose login has ended. */
@Injectable()
export class RealtimeGateway implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly processId = newId();
  private readonly frames = new FrameCache(() => this.feed.feed.lastIndex);
  private readonly bookkeeping = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly upgrades: UpgradeRouter,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly feed: InboxFeed,
    private readonly hub: SocketHub,
    private readonly clientFrames: ClientFrames,
    private readonly auth: AuthService,
    private readonly tickets: TicketsService,
    private readonly tokens: TokensService,
    private readonly presence: PresenceService,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.upgrades.add(/^\/ws$/, (upgrade) => this.open(upgrade));
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.beating = this.beat().catch((error: unknown) =>
        this.logger.warn({ err: error }, 'socket heartbeat failed; it will be tried again'),
      );
    }, HEARTBEAT_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    for (const socket of this.hub.all()) socket.close(1001, 'going away');
    await this.beating;
    await Promise.all(this.bookkeeping);
  }

  private async open(upgrade: Upgrade): Promise<void> {
    const { request, url } = upgrade;
    // The origin first: a foreign page must not use up a ticket.
    if (!isOwnOrigin(request.headers.origin, request.headers.host, this.config.publicUrl))
      return upgrade.reject(403, 'foreign_origin', 'not from this origin');
    if (!this.feed.ready) return upgrade.reject(503, 'unavailable', 'not ready yet', { 'retry-after': '2' });
    const ticket = await this.tickets.redeem(url.searchParams.get('ticket') ?? '', 'ws');
    const signedIn = ticket === null ? null : await this.auth.authenticateHash(ticket.agentId, ticket.tokenHash);
    if (signedIn === null) return upgrade.reject(401, 'unauthorized', 'the ticket is unknown, used or too old');
    const line = await upgrade.acceptLine({ maxPayload: MAX_FRAME_BYTES });
    const socket = new AgentSocket(
      line,
      signedIn.viewer.id,
      signedIn.tokenHash,
      this.frames,
      this.feed.feed,
      (own, entry) => this.hub.frameFor(own.agentId, entry),
    );
    this.hub.add(socket);
    socket.tell('hello', { agentId: socket.agentId, now: this.clock.now().toISOString() });
    const opened = this.count(this.presence.socketOpened(socket.id, socket.agentId, this.processId));
    line.ws.on('close', () => {
      this.hub.remove(socket);
      void this.count(opened.then(() => this.presence.socketClosed(socket.id, socket.agentId)));
    });
    line.ws.on('message', (data, binary) => {
      this.clientFrames.handle(socket, data as Buffer, binary).catch((error: unknown) => {
        this.logger.warn({ err: error }, 'a client frame failed');
        socket.say('error', { code: 'internal', message: 'this could not be done' });
      });
    });
    // Signed out between the ticket and now: the hub did not know the socket then.
    await this.endSignedOut([socket]);
  }

  /** Keeps the sockets counted, and ends those whose login ended while the signal of it was lost. */
  private async beat(): Promise<void> {
    const sockets = this.hub.all();
    await this.presence.heartbeat(this.processId, sockets);
    await this.endSignedOut(sockets);
  }

  private async endSignedOut(sockets: readonly AgentSocket[]): Promise<void> {
    const good = await this.tokens.stillGood([...new Set(sockets.map((socket) => socket.tokenHash))]);
    for (const socket of sockets) if (!good.has(socket.tokenHash)) socket.close(CLOSE.signedOut, 'signed out');
  }

  /** Bookkeeping that must be done before the process ends; a failure is made up for by the heartbeat and the sweep. */
  private count(work: Promise<void>): Promise<void> {
    const settled = work
      .catch((error: unknown) => this.logger.warn({ err: error }, 'could not count a socket'))
      .finally(() => this.bookkeeping.delete(settled));
    this.bookkeeping.add(settled);
    return settled;
  }
}
