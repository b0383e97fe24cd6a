import { createHash } from 'node:crypto';
import type { Envelope, MessageReceived } from '@huiliu/contracts';

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An id of 26 ULID letters that is a function of its name: the same data for floor and system, and in every run of a seed. */
export function idOf(...name: (string | number)[]): string {
  const bytes = createHash('sha256').update(name.join('/')).digest();
  let id = '0';
  for (let i = 1; i < 26; i++) id += LETTERS[bytes[i]! & 31];
  return id;
}

/** The id that the website connector derives of a message's names: SHA-256 over each, with its length before it; the first 128 bits as ULID letters. */
function derivedId(...names: string[]): string {
  const hash = createHash('sha256');
  for (const name of names) {
    const bytes = Buffer.from(name);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  let bits = BigInt(`0x${hash.digest('hex').slice(0, 32)}`);
  let id = '';
  for (let i = 0; i < 26; i++, bits >>= 5n) id = LETTERS[Number(bits & 31n)]! + id;
  return id;
}

/** A customer's conversation on the website account, as the connector names it. */
export interface BenchConversation {
  readonly id: string;
  readonly visitorId: string;
}

export function conversationsOf(series: string, count: number): BenchConversation[] {
  return Array.from({ length: count }, (_, nth) => ({
    id: idOf(series, 'conversation', nth),
    visitorId: idOf(series, 'visitor', nth),
  }));
}

/** A `clientId` tells which message it is: the nth of its conversation. */
export const clientIdOf = (nth: number): string => `b-${nth}`;

export function nthOf(clientId: string | null | undefined): number {
  return Number(/^b-(\d+)$/.exec(clientId ?? '')?.[1] ?? -1);
}

const TEXT = '请问昨天下的订单什么时候发货？订单号 20261127-';

/**
 * The nth message of a conversation, as the website connector puts it into `channel.inbound`: named by the id that its `clientId` gives, so that it
 * is known by that alone (under another name the inbox keeps a dedupe key beside it, which the floors do not write).
 */
export function inboundRecord(
  accountId: string,
  { id, visitorId }: BenchConversation,
  nth: number,
  now: Date,
): Envelope<MessageReceived> {
  const messageId = derivedId(id, 'inbound', clientIdOf(nth));
  const at = now.toISOString();
  return {
    id: idOf(id, nth, 'event'),
    type: 'message.received',
    v: 1,
    key: `${accountId}:${id}`,
    occurredAt: at,
    traceparent: null,
    data: {
      accountId,
      channel: 'webchat',
      remoteConversationId: id,
      conversationId: id,
      contact: { remoteId: visitorId, contactId: visitorId, verified: false },
      direction: 'inbound',
      remoteId: messageId,
      messageId,
      clientId: clientIdOf(nth),
      content: { kind: 'text', text: textOf(nth) },
      sentAt: at,
    },
  };
}

export const textOf = (nth: number): string => `${TEXT}${nth}`;
