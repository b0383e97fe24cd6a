import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Signal } from '@huiliu/contracts';
import { MessageBus } from '@huiliu/bus';
import { TokensService, type TokensEnded } from '../auth/tokens.service';
import { Directory, type DirectoryChange } from '../directory/directory';
import { AgentSocket, CLOSE } from './agent-socket';
import { ConversationAccessMap } from './conversation-access';
import { frameOf, type Frame, type Sight } from './domain/frame-of';
import { eventOf, InboxFeed, type InboxEntry } from './inbox-feed';

/** The open sockets of this process, by agent: who gets which record, signal or end. */
@Injectable()
export class SocketHub implements OnModuleInit, OnModuleDestroy {
  private readonly byAgent = new Map<string, Set<AgentSocket>>();
  private readonly sight: Sight;
  private stops: (() => void)[] = [];
  private listening = false;

  constructor(
    private readonly feed: InboxFeed,
    private readonly directory: Directory,
    private readonly accesses: ConversationAccessMap,
    private readonly tokens: TokensService,
    private readonly bus: MessageBus,
  ) {
    this.sight = { canSee: (viewer, access) => directory.canSee(viewer, access), accessOf: (id) => accesses.get(id) };
  }

  onModuleInit(): void {
    this.stops = [
      this.tokens.onEnded((ended) => this.end(ended)),
      this.directory.onChange((change) => this.reloadWhoSeesOtherwise(change)),
      this.bus.onSignal((signal) => this.passOn(signal)),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
  }

  add(socket: AgentSocket): void {
    if (!this.listening) {
      this.listening = true;
      this.stops.push(this.feed.feed.listen((entry) => this.offer(entry)));
    }
    const own = this.byAgent.get(socket.agentId) ?? new Set();
    this.byAgent.set(socket.agentId, own.add(socket));
  }

  remove(socket: AgentSocket): void {
    const own = this.byAgent.get(socket.agentId);
    own?.delete(socket);
    if (own?.size === 0) this.byAgent.delete(socket.agentId);
  }

  all(): AgentSocket[] {
    return [...this.byAgent.values()].flatMap((own) => [...own]);
  }

  /** What a socket's agent is told of a record now; null: nothing. */
  frameFor(agentId: string, entry: InboxEntry): Frame | null {
    const agent = this.directory.agent(agentId);
    return agent === undefined || agent.disabled ? null : frameOf(eventOf(entry.record), agent, this.sight);
  }

  /** To all: each stream judges when it sends. */
  private offer(entry: InboxEntry): void {
    for (const sockets of this.byAgent.values()) for (const socket of sockets) socket.stream.offer(entry);
  }

  private end({ agentId, tokenHash }: TokensEnded): void {
    for (const socket of this.byAgent.get(agentId) ?? [])
      if (tokenHash === null || socket.tokenHash === tokenHash) socket.close(CLOSE.signedOut, 'signed out');
  }

  /** Whose sight a change may have widened or narrowed loads afresh: what came into sight was never sent, what left it must go. */
  private reloadWhoSeesOtherwise(change: DirectoryChange): void {
    if (change.before === undefined && change.kind === 'agent') return;
    for (const [agentId, sockets] of this.byAgent)
      if (this.mayConcern(change, agentId)) for (const socket of sockets) socket.tell('reload');
  }

  private mayConcern(change: DirectoryChange, agentId: string): boolean {
    if (change.kind === 'agent') return change.after.id === agentId && change.before?.role !== change.after.role;
    const { before, after } = change;
    const wasIn = before?.agentIds.includes(agentId) ?? false;
    const isIn = after.agentIds.includes(agentId);
    const serves = (accounts: readonly string[] | undefined): string => [...(accounts ?? [])].sort().join();
    const sameAccounts = serves(before?.accountIds) === serves(after.accountIds);
    // An account that gets its first team, or loses its last, changes what everyone sees.
    if (!sameAccounts) return this.directory.agent(agentId)?.role !== 'admin';
    return wasIn !== isIn || (isIn && before?.ownOnly !== after.ownOnly);
  }

  private passOn(raw: unknown): void {
    const signal = Signal.safeParse(raw);
    if (!signal.success || signal.data.type !== 'typing' || this.byAgent.size === 0) return;
    const { conversationId, by } = signal.data;
    void this.accesses.find(conversationId).then(
      (access) => {
        if (access === undefined) return;
        for (const [agentId, sockets] of this.byAgent) {
          const agent = this.directory.agent(agentId);
          const own = by.type === 'agent' && by.id === agentId;
          if (agent === undefined || own || !this.directory.canSee(agent, access)) continue;
          for (const socket of sockets) socket.say('typing', { conversationId, by });
        }
      },
      // A passing signal: lost when the database is away.
      () => undefined,
    );
  }
}
