import { z } from 'zod';
import { eventOf } from './envelope';
import { Id, Time } from './ids';

/** What could not be handled, where it came from and why. Holds no message text; the bytes stay with the consumer. */
export const DlqEntry = z.object({
  id: Id,
  topic: z.string(),
  key: z.string().nullable(),
  partition: z.number().int(),
  offset: z.string(),
  consumer: z.string(),
  eventId: z.string().nullable(),
  reason: z.string().max(500),
  attempts: z.number().int(),
  state: z.enum(['parked', 'dead']),
  createdAt: Time,
});
export type DlqEntry = z.infer<typeof DlqEntry>;

/** Topics `<topic>.dlq`; key as the source. */
export const DlqEvent = z.discriminatedUnion('type', [
  eventOf('dlq.stored', DlqEntry),
  eventOf('dlq.removed', z.object({ id: Id, consumer: z.string(), how: z.enum(['handled', 'replayed', 'discarded']) })),
]);
export type DlqEvent = z.infer<typeof DlqEvent>;

/** Topic `dlq.commands`: what an admin wants done with an entry, for the consumer that holds it. */
export const DlqCommandEvent = z.discriminatedUnion('type', [
  eventOf('dlq.replay', z.object({ id: Id, consumer: z.string(), topic: z.string() })),
  eventOf('dlq.discard', z.object({ id: Id, consumer: z.string(), topic: z.string() })),
]);
export type DlqCommandEvent = z.infer<typeof DlqCommandEvent>;
