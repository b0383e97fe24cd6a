import type { IncomingHttpHeaders } from 'node:http';
import { WebhookRefusal } from './errors';
import type { DefinitionInput } from './definition';
import type { InboundEvent, PlatformReceipt } from './events';

/** A platform's call as it came over the wire. Verify `body` byte by byte before anything is parsed. */
export class WebhookRequest {
  constructor(
    readonly method: 'GET' | 'POST',
    readonly query: URLSearchParams,
    readonly headers: IncomingHttpHeaders,
    readonly body: Buffer,
    readonly receivedAt: Date,
  ) {}

  /** A parameter of the query that a signature covers: missing, empty or given twice is refused with 401. */
  signed(name: string): string {
    const values = this.query.getAll(name);
    if (values.length !== 1 || values[0] === '') throw new WebhookRefusal('unauthorized', `${name}: expected once`);
    return values[0] as string;
  }

  /** A header that a signature is in: missing or given twice is refused with 401. */
  signedHeader(name: string): string {
    const value = this.headers[name.toLowerCase()];
    if (typeof value !== 'string' || value === '' || value.includes(','))
      throw new WebhookRefusal('unauthorized', `${name}: expected once`);
    return value;
  }
}

export interface WebhookResponse {
  readonly status?: number;
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** What a verified call said, and what the platform wants to hear. Sent only after `events` and `receipts` are durable. */
export interface WebhookOutcome<D extends DefinitionInput = DefinitionInput> {
  readonly events: readonly InboundEvent<D>[];
  readonly receipts?: readonly PlatformReceipt<D>[];
  /** The call was a mere signal: pull, with this hint; `accountId` where it was meant for another account of this app. */
  readonly pull?: { readonly hint: string | null; readonly accountId?: string };
  readonly response: WebhookResponse;
}
