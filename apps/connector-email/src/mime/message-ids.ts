import { createHmac, timingSafeEqual } from 'node:crypto';
import { isAddress } from './addresses';

/** What one of our own Message-IDs says: our message, the conversation it went into, and which part of it this mail is (1: the first). */
export interface OwnMessageId {
  readonly messageId: string;
  readonly conversationId: string;
  readonly part: number;
}

type Secret = string | Buffer;

const ULID = '[0-9a-hjkmnp-tv-z]{26}';
/** Small letters and figures that no one mistakes for another: mail servers may change the case of what they copy. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 80 bits in an id, 60 in an address: each try at one costs the sender a mail. */
const ID_TAG = 16;
const PLUS_TAG = 12;
const MAX_LOCAL = 64;
const MAX_PART = 999;

function tagOf(purpose: string, content: string, length: number, secret: Secret): string {
  const digest = createHmac('sha256', secret).update(`${purpose}\n${content}`).digest();
  let tag = '';
  for (let at = 0; at < length; at++) tag += ALPHABET.charAt((digest[at] ?? 0) & 31);
  return tag;
}

function sameTag(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const idContent = ({ messageId, part, conversationId }: OwnMessageId): string =>
  `${messageId}.${part}.${conversationId}`.toLowerCase();

/**
 * The Message-ID of a mail that we send: always the same for the same `key`, so that a second try is the same mail to whoever receives it.
 * `key`: our message's id, with `.<n>` behind it for the n-th part of a split one. It carries both ids and a tag that only `secret` makes, and has
 * at most 120 characters where the domain has at most 44. Throws for a key or a conversation that is none of ours.
 */
export function messageIdFor(mail: {
  readonly key: string;
  readonly conversationId: string;
  readonly domain: string;
  readonly secret: Secret;
}): string {
  const [, messageId, part = '1'] = new RegExp(`^(${ULID})(?:\\.([1-9]\\d{0,2}))?$`, 'i').exec(mail.key) ?? [];
  if (messageId === undefined || !new RegExp(`^${ULID}$`, 'i').test(mail.conversationId))
    throw new Error('a Message-ID is made of the ids of a message and of its conversation');
  const content = idContent({ messageId, conversationId: mail.conversationId, part: Number(part) });
  const domain = mail.domain.toLowerCase().replace(/[^\p{L}\p{N}.-]/gu, '');
  return `<${content}.${tagOf('mail-id.v1', content, ID_TAG, mail.secret)}@${domain || 'localhost'}>`;
}

/** What a Message-ID says, if it is one of ours; null for any other, however much it looks like one. With or without brackets, in any letter case. */
export function readOwnMessageId(id: string, secret: Secret): OwnMessageId | null {
  if (id.length > 512) return null;
  const match = new RegExp(
    `^<?(${ULID})\\.([1-9]\\d{0,2})\\.(${ULID})\\.([0-9a-z]{${ID_TAG}})@[^@<>\\s]+>?$`,
    'i',
  ).exec(id.trim());
  if (match === null) return null;
  const [, messageId = '', part = '', conversationId = '', tag = ''] = match;
  const own = { messageId: messageId.toUpperCase(), conversationId: conversationId.toUpperCase(), part: Number(part) };
  if (own.part > MAX_PART) return null;
  return sameTag(tag.toLowerCase(), tagOf('mail-id.v1', idContent(own), ID_TAG, secret)) ? own : null;
}

const splitAddress = (address: string): { local: string; domain: string } => {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, at), domain: address.slice(at + 1).toLowerCase() };
};

/**
 * `support+<token>@shop.cn`: an address to which an answer finds its conversation even when its references are lost. Null where the token has no room
 * (a local part has at most 64 characters).
 */
export function plusAddress(address: string, conversationId: string, secret: Secret): string | null {
  if (!isAddress(address) || !new RegExp(`^${ULID}$`, 'i').test(conversationId)) return null;
  const { local, domain } = splitAddress(address);
  const id = conversationId.toLowerCase();
  const extended = `${local}+${id}${tagOf('mail-plus.v1', id, PLUS_TAG, secret)}`;
  return extended.length > MAX_LOCAL ? null : `${extended}@${domain}`;
}

/** The conversation that one of these addresses was made for by `plusAddress`; null when none was. */
export function readPlusToken(addresses: readonly string[], ourAddress: string, secret: Secret): string | null {
  const ours = splitAddress(ourAddress);
  const pattern = new RegExp(`^(${ULID})([0-9a-z]{${PLUS_TAG}})$`);
  for (const address of addresses) {
    const { local, domain } = splitAddress(address.trim());
    const start = `${ours.local}+`.toLowerCase();
    if (domain !== ours.domain || !local.toLowerCase().startsWith(start)) continue;
    const [, id, tag] = pattern.exec(local.slice(start.length).toLowerCase()) ?? [];
    if (id === undefined || tag === undefined) continue;
    if (sameTag(tag, tagOf('mail-plus.v1', id, PLUS_TAG, secret))) return id.toUpperCase();
  }
  return null;
}
