import { z } from 'zod';
import { Id, Time } from './ids';

/** What every record on the bus is wrapped in. `key` decides the order: records of one key are handled in order. */
export const Envelope = z.object({
  id: Id,
  type: z.string().min(1).max(64),
  v: z.number().int().positive(),
  key: z.string().min(1).max(1100),
  occurredAt: Time,
  /** W3C trace context. */
  traceparent: z.string().max(64).nullable(),
  data: z.unknown(),
});
export type Envelope<T = unknown> = Omit<z.infer<typeof Envelope>, 'data'> & { data: T };

/** The schema of an envelope that holds one type of event. */
export function eventOf<T extends string, D extends z.ZodType>(type: T, data: D) {
  return Envelope.extend({ type: z.literal(type), v: z.literal(1), data });
}
