import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { MessageBus, type BatchHandler } from '../bus';
import { specOf } from '../topics';
import { failureOf } from './failures';
import type { EventExtras } from './on-events';

/** A stop waits so long for what is in hand. */
const STOP_MS = 8_000;

/**
 * The transport of `@EventPattern` handlers: each becomes a subscription of its group. Handlers are kept apart (the framework's
 * own servers chain handlers of one pattern, so that one's failure would be the other's).
 */
export class BusServer extends Server implements CustomTransportStrategy {
  private readonly found: { readonly name: string; readonly handler: MessageHandler; readonly extras: EventExtras }[] =
    [];

  constructor(private readonly bus: MessageBus) {
    super();
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const name = this.normalizePattern(pattern as string);
    if (!isEventHandler) throw new Error(`${name}: the bus has no requests, only events`);
    const own = extras as unknown as EventExtras;
    if (!own.group) throw new Error(`${name}: a handler names its group (use OnEvents)`);
    this.found.push({ name, handler: callback, extras: own });
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.bus.stop(STOP_MS);
  }

  // The bus tells of itself by its probe and its metrics.
  on(): never {
    throw new Error('the bus has no events of its own');
  }

  unwrap<T>(): T {
    return this.bus as T;
  }

  private async start(): Promise<void> {
    for (const { name, handler, extras } of this.found) {
      const topic = extras.topic ?? specOf(name);
      if (!topic) throw new Error(`${name}: no such topic`);
      this.bus.subscribe(topic, extras, calling(handler));
    }
    await this.bus.start();
  }
}

/** Calls a handler as the framework wrapped it, and throws what the handler itself threw. */
function calling(handler: MessageHandler): BatchHandler {
  return async (batch) => {
    try {
      const answer: unknown = await handler(batch);
      if (isObservable(answer)) await lastValueFrom(answer, { defaultValue: undefined });
    } catch (error) {
      const failure = failureOf(batch);
      throw failure ? failure.error : error;
    }
    // A filter that swallowed the error must not make the batch look handled.
    const failure = failureOf(batch);
    if (failure) throw failure.error;
  };
}
