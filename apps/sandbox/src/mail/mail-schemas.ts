import { z } from 'zod';

const Address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>"(),;:\\[\]]{1,64}@[^\s@<>"(),;:\\[\]]{1,189}$/, 'expected an e-mail address');
const OneLine = z.string().regex(/^[^\r\n\0]*$/, 'expected one line');

/** A mail that a person writes on the sandbox's page. */
export const WriteMail = z.strictObject({
  from: z.strictObject({ name: OneLine.max(100).default(''), address: Address }),
  to: z.array(Address).min(1).max(20),
  cc: z.array(Address).max(20).default([]),
  subject: OneLine.max(500).default(''),
  text: z.string().max(200_000).default(''),
  html: z.string().max(500_000).optional(),
  /** The id of the mail in the writer's mailbox that this one answers. */
  answers: z.int().min(1).optional(),
  /** Ids of uploaded files. */
  attachments: z.array(z.string().max(40)).max(10).default([]),
});
export type WriteMail = z.infer<typeof WriteMail>;

/** A mail as its bytes, for what no page would write. */
export const RawMail = z.strictObject({
  from: Address.or(z.literal('')),
  to: z.array(Address).min(1).max(20),
  source: z.base64().max(900_000),
});
export type RawMail = z.infer<typeof RawMail>;

/** Whose mailbox; `after` and `generation`: what is known of it already. */
export const MailboxQuery = z.object({
  address: Address,
  after: z.coerce.number().int().min(0).default(0),
  generation: z.coerce.number().int().min(0).optional(),
});
export type MailboxQuery = z.infer<typeof MailboxQuery>;

export const OwnerQuery = z.object({ address: Address });
export const Position = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 32);
