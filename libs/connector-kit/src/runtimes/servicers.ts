import type { MessageBus } from '@huiliu/bus';
import { MOST_SERVICERS, type Signal } from '@huiliu/contracts';
import type { AnyRuntime } from '../contract/runtime';

/** Somebody waits at a screen. */
const CALL_MS = 8_000;

type Question = Omit<Extract<Signal, { type: 'servicers.ask' }>, 'type'>;

/** Asks platforms, when somebody wants to know, who of their servicers could take a conversation (signal `servicers.ask`). */
export class Servicers {
  constructor(
    private readonly runtimeOf: (accountId: string) => AnyRuntime | undefined,
    private readonly bus: Pick<MessageBus, 'signal'>,
  ) {}

  /** Does nothing where the account does not run. */
  async tell({ accountId, askId }: Question): Promise<void> {
    const runtime = this.runtimeOf(accountId);
    if (runtime?.servicers === undefined) return;
    try {
      const servicers = (await runtime.servicers(AbortSignal.timeout(CALL_MS))).slice(0, MOST_SERVICERS);
      this.bus.signal({ type: 'servicers.told', askId, servicers, error: null } satisfies Signal);
    } catch (error) {
      const words = error instanceof Error ? error.message : 'the platform does not answer';
      this.bus.signal({
        type: 'servicers.told',
        askId,
        servicers: null,
        error: words.slice(0, 2000),
      } satisfies Signal);
    }
  }
}
