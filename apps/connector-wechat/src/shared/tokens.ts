import type { Clock } from '@huiliu/storage';

const RENEW_BEFORE_MS = 240_000;

export interface IssuedToken {
  readonly token: string;
  readonly expiresInMs: number;
}

/**
 * The access token. The platforms give every process the same one (`stable_token`, `gettoken`), so each may ask; a token that was refused
 * is asked for anew once, by force only when the platform still gives the refused one, and by one process: the others find the new one when
 * it is their turn (official accounts may force 20 times a day and not twice in 30 s). Calls that need it meanwhile share the question.
 */
export class Tokens {
  private current: { readonly token: string; readonly renewAtMs: number } | null = null;
  private refused: string | null = null;
  private asking: Promise<string> | null = null;

  constructor(
    private readonly ask: (force: boolean) => Promise<IssuedToken>,
    private readonly alone: <T>(work: () => Promise<T>) => Promise<T>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  async get(): Promise<string> {
    const { current } = this;
    if (current !== null && this.clock.now().getTime() < current.renewAtMs) return current.token;
    return (this.asking ??= this.renew().finally(() => (this.asking = null)));
  }

  /** The platform does not take this token any more. */
  discredit(token: string): void {
    this.refused = token;
    if (this.current?.token === token) this.current = null;
  }

  private async renew(): Promise<string> {
    let issued = await this.ask(false);
    if (issued.token === this.refused)
      issued = await this.alone(async () => {
        const meanwhile = await this.ask(false);
        return meanwhile.token === this.refused ? this.ask(true) : meanwhile;
      });
    const early = Math.min(RENEW_BEFORE_MS, issued.expiresInMs / 2);
    this.current = { token: issued.token, renewAtMs: this.clock.now().getTime() + issued.expiresInMs - early };
    return issued.token;
  }
}
