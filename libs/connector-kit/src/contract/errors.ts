import type { ERROR_KINDS } from '@huiliu/contracts';

export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * A platform's refusal or failure in our terms. Connectors translate, the kit decides: `transient` and `rate_limited` are tried
 * again, `auth` after one refresh of the token, `outcome_unknown` never; the rest is final. Anything else that a runtime throws
 * counts as `outcome_unknown`, since the request may have left.
 */
export class ConnectorError extends Error {
  readonly retryAfterMs: number | null;

  constructor(
    readonly kind: ErrorKind,
    /** The platform's own code, as a string. */
    readonly code: string,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Why a webhook is refused: `unauthorized` (a signature parameter missing, wrong, doubled, too old) or `malformed`. */
export class WebhookRefusal extends Error {
  constructor(
    readonly reason: 'unauthorized' | 'malformed',
    message: string,
  ) {
    super(message);
  }
}
