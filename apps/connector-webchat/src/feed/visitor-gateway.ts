import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBus } from '@huiliu/bus';
import { AccountDirectory } from '@huiliu/connector-kit';
import { Signal, VisitorClientFrame } from '@huiliu/contracts';
import { Config, runNow, scopeOf, type Upgrade, UpgradeRouter } from '@huiliu/platform';
import type { RawData } from 'ws';
import { Accounts } from '../visitor/accounts';
import { admitsOrigin } from '../visitor/origins';
import { VisitorTokens } from '../visitor-tokens';
import { VisitorFeed } from './visitor-feed';
import { VisitorReceipts } from './visitor-receipts';
import { VisitorSocket } from './visitor-socket';

const PATH = /^\/webchat\/([0-9A-HJKMNP-TV-Z]{26})\/ws$/;
const MAX_FRAME_BYTES = 8 * 1024;
const MOST_SOCKETS = 20;
/** Frames that a page may send: more are answered with `error`, many more end the socket. */
const FRAMES = { perSecond: 10, burst: 40, patience: 200 };
const TYPING_EVERY_MS = 1_000;

/** Sockets of visitors: `/webchat/<accountId>/ws?token=…`. */
@Injectable()
export class VisitorGateway implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly byConversation = new Map<string, Set<VisitorSocket>>();
  private silence: (() => void)[] = [];

  constructor(
    @Inject(UpgradeRouter) private readonly upgrades: UpgradeRouter,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(VisitorTokens) private readonly tokens: VisitorTokens,
    @Inject(VisitorFeed) private readonly source: VisitorFeed,
    @Inject(VisitorReceipts) private readonly receipts: VisitorReceipts,
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(Config) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.upgrades.add(PATH, (upgrade) => this.open(upgrade), { handsScopeOn: true });
    this.source.onEntry((entry) => {
      const { record } = entry;
      // Its key is the conversation: what nobody looks at stays unread.
      for (const socket of this.byConversation.get(record.unread ?? record.envelope.key) ?? [])
        socket.stream.offer(entry);
    });
    this.silence = [
      this.bus.onSignal((signal) => this.hear(signal)),
      // A deleted account, or another secret: whose token no longer holds is shown out.
      this.directory.onChange(({ id }) => this.judgeAgain(id)),
    ];
  }

  onApplicationShutdown(): void {
    for (const end of this.silence) end();
    for (const socket of this.all()) socket.close(1001, 'going away');
  }

  private async open(upgrade: Upgrade): Promise<void> {
    const { request, url, match } = upgrade;
    const account = this.accounts.get(match[1] as string);
    const { origin, host } = request.headers;
    if (!admitsOrigin(origin, account.config.allowedOrigins, { publicUrl: this.config.publicUrl, host }))
      return upgrade.reject(403, 'forbidden', 'not from this website');
    const token = url.searchParams.get('token');
    const visitor = token === null ? null : this.tokens.read(account, token);
    if (token === null || visitor === null) return upgrade.reject(401, 'unauthorized', 'open a session first');
    if (this.source.feed === null) return upgrade.reject(503, 'unavailable', 'not ready yet', { 'retry-after': '2' });
    const open = this.byConversation.get(visitor.conversationId)?.size ?? 0;
    if (open >= MOST_SOCKETS)
      return upgrade.reject(429, 'too_many_requests', 'too many open pages', { 'retry-after': '30' });
    const ws = await upgrade.accept({ maxPayload: MAX_FRAME_BYTES });
    const scope = scopeOf(request);
    const socket = new VisitorSocket(ws, visitor, this.source.feed, (message) =>
      runNow(scope, () => this.receipts.delivered(visitor, message)),
    );
    const sockets = this.byConversation.get(visitor.conversationId) ?? new Set();
    this.byConversation.set(visitor.conversationId, sockets.add(socket));
    tokensOf.set(socket, token);
    socket.tell('hello', { visitorId: visitor.visitorId, conversationId: visitor.conversationId });
    const listener = this.listener(socket);
    ws.on('message', (data, binary) => runNow(scope, () => listener(data, binary)));
    ws.on('close', () => {
      socket.stream.close();
      sockets.delete(socket);
      if (sockets.size === 0) this.byConversation.delete(visitor.conversationId);
    });
  }

  /** Handles what one page sends, no faster than it may. */
  private listener(socket: VisitorSocket): (data: RawData, binary: boolean) => void {
    let tokens = FRAMES.burst;
    let at = performance.now();
    let typedAt = -Infinity;
    return (data, binary) => {
      if (binary) return socket.close(1003, 'text frames only');
      const now = performance.now();
      tokens = Math.min(FRAMES.burst, tokens + ((now - at) * FRAMES.perSecond) / 1000) - 1;
      at = now;
      if (tokens < -FRAMES.patience) return socket.close(1008, 'too many frames');
      if (tokens < 0) return socket.tell('error', { code: 'too_many_requests', message: 'too many frames' });
      const frame = frameOf(data);
      if (frame === null)
        return socket.tell('error', { code: 'invalid_frame', message: 'this frame is not understood' });
      switch (frame.type) {
        case 'ping':
          // Behind a resume it says that everything missed has been sent.
          void socket.stream.live().then(() => socket.tell('pong', {}));
          return;
        case 'resume':
          void socket.stream.resume(frame.seq).then((resumed) => {
            if (!resumed) socket.tell('reload', {});
          });
          return;
        case 'read':
          for (const id of socket.seenUpTo(frame.messageId)) this.receipts.read(socket.visitor, id);
          return;
        case 'typing':
          if (now - typedAt < TYPING_EVERY_MS) return;
          typedAt = now;
          this.bus.signal(typingBy(socket));
      }
    };
  }

  private hear(signal: unknown): void {
    const known = Signal.safeParse(signal);
    if (!known.success || known.data.type !== 'typing' || known.data.by.type !== 'agent') return;
    const { conversationId, by } = known.data;
    for (const socket of this.byConversation.get(conversationId) ?? [])
      socket.tell('typing', { conversationId, by: { type: by.type, name: by.name } });
  }

  private judgeAgain(accountId: string): void {
    for (const socket of this.all()) {
      if (socket.visitor.accountId !== accountId) continue;
      try {
        if (this.tokens.read(this.accounts.get(accountId), tokensOf.get(socket) ?? '') === null)
          socket.close(1008, 'signed out');
      } catch {
        socket.close(1008, 'signed out');
      }
    }
  }

  private all(): VisitorSocket[] {
    return [...this.byConversation.values()].flatMap((sockets) => [...sockets]);
  }
}

const tokensOf = new WeakMap<VisitorSocket, string>();

function typingBy({ visitor }: VisitorSocket): Signal {
  return {
    type: 'typing',
    conversationId: visitor.conversationId,
    by: { type: 'contact', id: visitor.visitorId, name: visitor.identity?.name ?? '' },
  };
}

function frameOf(data: RawData): VisitorClientFrame | null {
  try {
    const parsed = VisitorClientFrame.safeParse(JSON.parse((data as Buffer).toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
