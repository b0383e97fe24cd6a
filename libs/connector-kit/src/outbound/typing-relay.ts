import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBus } from '@huiliu/bus';
import { Signal } from '@huiliu/contracts';
import { RuntimeHost } from '../runtimes/runtime-host';
import type { SendTarget } from '../contract/sending';

/** Platforms show it for some ten seconds and count the calls. */
const QUIET_MS = 5_000;
const MOST_REMEMBERED = 5_000;

/** Tells platforms that know it that one of us is typing. Best effort: only where something was sent before. */
@Injectable()
export class TypingRelay implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('TypingRelay');
  private readonly told = new Map<string, number>();
  private readonly targets = new Map<
    string,
    Pick<SendTarget, 'conversationId' | 'remoteConversationId' | 'remoteContactId'> & { accountId: string }
  >();
  private silence: (() => void) | null = null;

  constructor(
    @Inject(MessageBus) private readonly bus: MessageBus,
    @Inject(RuntimeHost) private readonly host: RuntimeHost,
  ) {}

  onApplicationBootstrap(): void {
    this.silence = this.bus.onSignal((signal) => {
      const known = Signal.safeParse(signal);
      if (known.success && known.data.type === 'typing' && known.data.by.type === 'agent')
        this.relay(known.data.conversationId);
    });
  }

  onApplicationShutdown(): void {
    this.silence?.();
  }

  /** A conversation that this process sends to. */
  saw(
    target: Pick<SendTarget, 'conversationId' | 'remoteConversationId' | 'remoteContactId'> & { accountId: string },
  ): void {
    this.targets.delete(target.conversationId);
    this.targets.set(target.conversationId, target);
    if (this.targets.size > MOST_REMEMBERED) this.targets.delete(this.targets.keys().next().value as string);
  }

  private relay(conversationId: string): void {
    const target = this.targets.get(conversationId);
    const runtime = target === undefined ? undefined : this.host.get(target.accountId)?.runtime;
    if (target === undefined || runtime?.typing === undefined) return;
    const now = performance.now();
    if (now - (this.told.get(conversationId) ?? -Infinity) < QUIET_MS) return;
    if (this.told.size > MOST_REMEMBERED) this.told.clear();
    this.told.set(conversationId, now);
    runtime.typing(target).catch((error: unknown) => this.logger.debug({ err: error }, 'typing could not be told'));
  }
}
