import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MessageBus } from '@huiliu/bus';
import { type Servicer, Signal } from '@huiliu/contracts';
import { conflict, newId, unavailable } from '@huiliu/platform';

/** The connector gives its platform 8 s; the rest is the way there and back. */
const TOLD_MS = 10_000;

type Told = Extract<Signal, { type: 'servicers.told' }>;

/** Asks the connector of an account who of its platform's servicers could take a conversation: a passing signal, whoever runs the account answers. */
@Injectable()
export class Servicers implements OnModuleDestroy {
  private readonly waiting = new Map<string, (told: Told) => void>();
  private readonly silence: () => void;

  constructor(private readonly bus: MessageBus) {
    this.silence = bus.onSignal((signal) => {
      const known = Signal.safeParse(signal);
      if (known.success && known.data.type === 'servicers.told') this.waiting.get(known.data.askId)?.(known.data);
    });
  }

  onModuleDestroy(): void {
    this.silence();
  }

  /** 503 when no connector answers, 409 `platform_refused` with the platform's reason. */
  async ask(accountId: string): Promise<readonly Servicer[]> {
    const askId = newId();
    let late: NodeJS.Timeout | undefined;
    try {
      const told = await new Promise<Told | null>((resolve) => {
        this.waiting.set(askId, resolve);
        late = setTimeout(() => resolve(null), TOLD_MS);
        this.bus.signal({ type: 'servicers.ask', accountId, askId } satisfies Signal);
      });
      if (told === null) throw unavailable('the connector of this account does not answer');
      if (told.servicers === null) throw conflict('platform_refused', told.error ?? 'the platform does not tell');
      return told.servicers;
    } finally {
      clearTimeout(late);
      this.waiting.delete(askId);
    }
  }
}
