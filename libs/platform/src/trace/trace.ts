import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomHex } from '../ids';

/** What is known of where something comes from. */
export interface Scope {
  readonly traceparent: string | null;
  readonly requestId: string | null;
}

/** Scopes that follow what is awaited. On Node 20 they cost every promise of the process, so it is on only while one is open. */
const scopes = new AsyncLocalStorage<Scope>();
let open = 0;
/** The scope that is handed on by hand, while what it was handed to has not waited yet. */
let atHand: Scope | undefined;

const SCOPE = Symbol('the scope of a request');
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
  return readTraceparent(carrier['traceparent']) ?? currentScope()?.traceparent ?? null;
}

/** Runs `fn` (and all that it awaits) in a trace. */
export function runWithTrace<T>(traceparent: string | null, fn: () => T): T {
  return runInScope({ traceparent, requestId: currentScope()?.requestId ?? null }, fn);
}

/** Runs `fn` and all that it awaits in the scope of one request: its trace and its id, which its log lines carry. */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  let leave: (() => void) | undefined;
  try {
    const result = openScope(scope, (close) => (leave = close), fn);
    if (result instanceof Promise) {
      void result.then(leave, leave);
      leave = undefined;
    }
    return result;
  } finally {
    leave?.();
  }
}

/** The same for what ends later than `fn`: `until` is given what to call once then. */
export function openScope<T>(scope: Scope, until: (leave: () => void) => void, fn: () => T): T {
  const inside =
    scope.traceparent === null
      ? context.active()
      : propagation.extract(context.active(), { traceparent: scope.traceparent });
  const before = atHand;
  atHand = undefined;
  open++;
  until(() => {
    if (--open === 0) scopes.disable();
  });
  try {
    return context.with(inside, () => scopes.run(scope, fn));
  } finally {
    atHand = before;
  }
}

/** What is done now is done in this scope; undefined: in none. To be kept over what is awaited, for `runNow`. */
export function currentScope(): Scope | undefined {
  return atHand ?? scopes.getStore();
}

/**
 * Runs what `fn` does before it first waits in a scope (in none that is known when undefined). What comes after that is the caller's to bring
 * back: it costs nothing, where scopes that follow by themselves would be paid by every promise.
 */
export function runNow<T>(scope: Scope | undefined, fn: () => T): T {
  if (scope === undefined) return fn();
  // With an OpenTelemetry SDK in place spans have to follow anyway.
  if (propagation.fields().length > 0) return runInScope(scope, fn);
  const before = atHand;
  atHand = scope;
  try {
    return fn();
  } finally {
    atHand = before;
  }
}

/** Keeps a request's scope with it. */
export function keepScope(request: object, scope: Scope): void {
  (request as { [SCOPE]?: Scope })[SCOPE] = scope;
}

/** The scope in which a request came. */
export function scopeOf(request: object): Scope | undefined {
  return (request as { [SCOPE]?: Scope })[SCOPE];
}

/** What log lines say about where they come from. */
export function logScope(): Record<string, string> {
  const scope = currentScope();
  if (scope === undefined) return {};
  return {
    ...(scope.requestId === null ? {} : { requestId: scope.requestId }),
    ...(scope.traceparent === null ? {} : { traceId: scope.traceparent.slice(3, 35) }),
  };
}
