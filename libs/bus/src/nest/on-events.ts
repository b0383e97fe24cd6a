import { EventPattern } from '@nestjs/microservices';
import type { TopicSpec } from '@huiliu/contracts';
import type { SubscriptionOptions } from '../bus';
import { rememberFailure } from './failures';

/** What `@OnEvents` puts beside the pattern. */
export interface EventExtras extends SubscriptionOptions {
  readonly topic?: TopicSpec;
}

/**
 * Handles a topic's events: `@EventPattern` with the topic's name and the group. The method gets an `EventBatch` as its payload.
 * What it throws reaches the engine as it is, whatever exception filters make of it.
 */
export function OnEvents(topic: TopicSpec, options: SubscriptionOptions): MethodDecorator {
  return <T>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): TypedPropertyDescriptor<T> => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const watched = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      try {
        return await method.apply(this, args);
      } catch (error) {
        for (const arg of args) if (typeof arg === 'object' && arg !== null) rememberFailure(arg, error);
        throw error;
      }
    };
    for (const name of Reflect.getMetadataKeys(method) as unknown[])
      Reflect.defineMetadata(name, Reflect.getMetadata(name, method), watched);
    Object.defineProperty(watched, 'name', { value: method.name });
    descriptor.value = watched as unknown as T;
    const extras: EventExtras = { ...options, topic };
    EventPattern(topic.name, undefined, extras as unknown as Record<string, unknown>)(
      target,
      key,
      descriptor as PropertyDescriptor,
    );
    return descriptor;
  };
}
