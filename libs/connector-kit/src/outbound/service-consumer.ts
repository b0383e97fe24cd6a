import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { type EventBatch, MessageBus } from '@huiliu/bus';
import { type Conversation, INBOX_EVENTS, type InboxEvent } from '@huiliu/contracts';
import { Clock } from '@huiliu/storage';
import { ConnectorError } from '../contract/errors';
import type { AnyRuntime } from '../contract/runtime';
import type { ServiceChange } from '../contract/service';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { RuntimeHost } from '../runtimes/runtime-host';
import { CommandStore } from './command-store';

const MAX_BATCH = 200;
const AT_ONCE = 16;
const CALL_MS = 10_000;
/** A resolve is told once what was written before it has left: so long at most, and not sooner than its commands can be here. */
const SETTLE_MS = 1_500;
const MOST_WAIT_MS = 6_000;
/** Most of the inbox's facts concern nobody here. */
const REST_MS = 100;
const LOOK_EVERY_MS = 250;
/** What was decided so long ago may be over at the platform by now: telling it would end what has begun since. */
const FRESH_MS = 600_000;
const MOST_REMEMBERED = 20_000;
const AGAIN: ReadonlySet<string> = new Set(['transient', 'rate_limited']);

interface Told {
  readonly accountId: string;
  readonly change: ServiceChange;
}

/**
 * Tells platforms who serves a conversation, where the connector's definition asks for it: what the inbox has committed, in its order, the
 * last of a batch only. At least once; a platform that does not answer is told again, one that refuses is not.
 */
@Injectable()
export class ServiceConsumer {
  private readonly logger = new Logger('ServiceConsumer');
  /** What each conversation's platform knows, so that other changes of a conversation cost no call. */
  private readonly known = new Map<string, ServiceChange['state']>();

  constructor(
    @Inject(MessageBus) bus: MessageBus,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(RuntimeHost) private readonly host: RuntimeHost,
    @Inject(CommandStore) private readonly commands: CommandStore,
    @Inject(HOST_OPTIONS) options: HostOptions,
  ) {
    if (!options.connectors.some(({ definition }) => definition.tracksService === true)) return;
    // A group of its own: what waits for a platform here holds up neither sends nor files.
    const group = `${options.app}.service`;
    bus.subscribe(
      INBOX_EVENTS,
      {
        group,
        maxBatch: MAX_BATCH,
        types: ['conversation.updated'],
        concerned: () => this.host.some(({ runtime }) => runtime.serve !== undefined),
        restMs: REST_MS,
      },
      (batch) => this.handle(batch),
    );
  }

  /** Claims nothing: telling a platform twice what it knows changes nothing, and most of what passes here concerns nobody. */
  async handle(batch: EventBatch): Promise<void> {
    const changes = this.changesOf(batch);
    for (let at = 0; at < changes.length; at += AT_ONCE)
      await Promise.all(changes.slice(at, at + AT_ONCE).map((told) => this.tell(told)));
  }

  private changesOf(batch: EventBatch): Told[] {
    const latest = new Map<string, Told>();
    const nowMs = this.clock.now().getTime();
    for (const { envelope } of batch.deliveries) {
      const { type, data, occurredAt } = envelope as unknown as InboxEvent;
      if (type !== 'conversation.updated' || nowMs - Date.parse(occurredAt) > FRESH_MS) continue;
      const { conversation } = data;
      const { id, accountId, contact } = conversation;
      if (this.host.get(accountId)?.runtime.serve === undefined) continue;
      const state = stateOf(conversation);
      const change = { conversationId: id, remoteContactId: contact.remoteId, state, at: new Date(occurredAt) };
      latest.set(id, { accountId, change });
    }
    return [...latest.values()].filter(({ change }) => this.known.get(change.conversationId) !== change.state);
  }

  private async tell({ accountId, change }: Told): Promise<void> {
    const runtime = this.host.get(accountId)?.runtime;
    try {
      if (change.state === 'ended') await this.sendsBefore(change);
      await this.call(runtime, change);
    } catch (error) {
      if (error instanceof ConnectorError && AGAIN.has(error.kind)) throw error;
      const code = error instanceof ConnectorError ? error.code : 'unexpected';
      this.logger.warn(
        { accountId, conversationId: change.conversationId, state: change.state, code },
        'the platform could not be told who serves a conversation',
      );
    }
    this.known.delete(change.conversationId);
    this.known.set(change.conversationId, change.state);
    if (this.known.size > MOST_REMEMBERED) this.known.delete(this.known.keys().next().value as string);
  }

  /** With one renewal of the token. */
  private async call(runtime: AnyRuntime | undefined, change: ServiceChange): Promise<void> {
    const serve = (): Promise<void> | undefined => runtime?.serve?.(change, AbortSignal.timeout(CALL_MS));
    try {
      await serve();
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'auth' || runtime?.refreshAuth === undefined)
        throw error;
      await runtime.refreshAuth();
      await serve();
    }
  }

  /** A goodbye and the resolve come together; platforms take nothing more for what has ended. */
  private async sendsBefore({ conversationId, at }: ServiceChange): Promise<void> {
    const past = (): number => this.clock.now().getTime() - at.getTime();
    while (past() < MOST_WAIT_MS) {
      if (past() >= SETTLE_MS && !(await this.commands.waits(conversationId))) return;
      await wait(LOOK_EVERY_MS);
    }
  }
}

function stateOf({ status, assignee }: Conversation): ServiceChange['state'] {
  if (status === 'resolved') return 'ended';
  return assignee === null ? 'waiting' : 'serving';
}
