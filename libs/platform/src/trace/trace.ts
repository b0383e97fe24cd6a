import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomHex } from '../ids';

interface Scope {
  readonly traceparent: string | null;
  readonly requestId: string | null;
}

const scopes = new AsyncLocalStorage<Scope>();
const PATTERN = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A `traceparent` as it came from outside, or null when it is not one. */
export function readTraceparent(value: unknown): string | null {
  return typeof value === 'string' && PATTERN.test(value) && !/^ff|-0{32}-|-0{16}-/.test(value) ? value : null;
}

/** A new trace. */
export function newTraceparent(): string {
  return `00-${randomHex(16)}-${randomHex(8)}-01`;
}

/** The W3C trace context of what is being done now: what goes into an envelope or an outgoing request. */
export function currentTraceparent(): string | null {
  // With an OpenTelemetry SDK in place its spans come first; without one this carrier stays empty.
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return readTraceparent(carrier['traceparent']) ?? scopes.getStore()?.traceparent ?? null;
}

/** Runs `fn` (and all that it awaits) in a trace. */
export function runWithTrace<T>(traceparent: string | null, fn: () => T): T {
  return runInScope({ traceparent, requestId: scopes.getStore()?.requestId ?? null }, fn);
}

/** Runs `fn` in the scope of one request: its trace and its id, which its log lines carry. */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  const inside =
    scope.traceparent === null
      ? context.active()
      : propagation.extract(context.active(), { traceparent: scope.traceparent });
  return context.with(inside, () => scopes.run(scope, fn));
}

/** What log lines say about where they come from. */
export function logScope(): Record<string, string> {
  const scope = scopes.getStore();
  if (scope === undefined) return {};
  return {
    ...(scope.requestId === null ? {} : { requestId: scope.requestId }),
    ...(scope.traceparent === null ? {} : { traceId: scope.traceparent.slice(3, 35) }),
  };
}
