import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MessageBus } from '@huiliu/bus';
import { Signal } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { ChannelRegistry } from '../channels/channel-registry';

/** A connector that lives says within this time that it has heard; an account that has just changed hands takes it most of it. */
const HEARD_MS = 5_000;
/** It gives its platform 12 s; the rest is the way there and back. */
const DONE_MS = 15_000;

/**
 * Asks the connector of an account how it is now. The question is a passing signal: whichever process speaks for the account hears it, wherever it runs,
 * and tells what it finds as the account's status, for everybody (docs/adr/0019-checking-accounts.md).
 */
@Injectable()
export class AccountChecks implements OnModuleDestroy {
  private readonly unheard = new Map<string, () => void>();
  private readonly silence: () => void;

  constructor(
    private readonly bus: MessageBus,
    private readonly channels: ChannelRegistry,
  ) {
    this.silence = bus.onSignal((signal) => {
      const known = Signal.safeParse(signal);
      if (known.success && known.data.type === 'account.checking') this.unheard.get(known.data.checkId)?.();
    });
  }

  onModuleDestroy(): void {
    this.silence();
  }

  /** True once the registry holds what the connector has found; false when nobody answered in time. */
  async ask(accountId: string, revision: number): Promise<boolean> {
    const checkId = newId();
    const over = new AbortController();
    let timer = setTimeout(() => over.abort(), HEARD_MS);
    this.unheard.set(checkId, () => {
      this.unheard.delete(checkId);
      clearTimeout(timer);
      timer = setTimeout(() => over.abort(), DONE_MS);
    });
    const outcome = this.channels.whenChecked(checkId, over.signal);
    this.bus.signal({ type: 'account.check', accountId, revision, checkId } satisfies Signal);
    try {
      return (await outcome) !== null;
    } finally {
      clearTimeout(timer);
      this.unheard.delete(checkId);
    }
  }
}
