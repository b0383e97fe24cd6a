import { randomBytes } from 'node:crypto';
import { Envelope, sortedSha1, writeXml } from '@huiliu/wire';
import type { Push, Signing } from '../platform';

export type Mode = 'plain' | 'compatible' | 'safe';
export type Format = 'xml' | 'json';

export interface PushIdentity {
  readonly appId: string;
  /** The account's original id, `gh_…`. */
  readonly userName: string;
  readonly token: string;
  readonly encodingAesKey: string | null;
}

/** A field that is a number is written bare, 64-bit ones too. */
export type PushFields = Readonly<Record<string, string | number | bigint>>;

const nonceOf = (): string => String(100_000_000 + (randomBytes(4).readUInt32BE() % 900_000_000));

/** A push in the account's mode: plain fields, the same with the ciphertext beside them, or the ciphertext alone. */
export function pushOf(
  identity: PushIdentity,
  openid: string,
  fields: PushFields,
  mode: Mode,
  format: Format,
  signing: Signing,
): Push {
  const whole = { ToUserName: identity.userName, FromUserName: openid, ...fields };
  const id = String(fields.MsgId ?? `${openid}${String(fields.CreateTime)}`);
  return sealedPush(identity, written(whole, format), mode === 'compatible' ? whole : {}, mode, format, signing, {
    openid,
    id,
  });
}

/** A push that says `inside`, whatever that is; `beside` stands in the clear beside the ciphertext. */
export function sealedPush(
  identity: PushIdentity,
  inside: string,
  beside: PushFields,
  mode: Mode,
  format: Format,
  signing: Signing,
  { openid, id }: { readonly openid: string; readonly id: string },
): Push {
  const timestamp = String(Math.floor(signing.nowMs / 1000));
  const nonce = nonceOf();
  const token = signing.secret ?? identity.token;
  const query = new URLSearchParams({ signature: sortedSha1(token, timestamp, nonce), timestamp, nonce, openid });
  const contentType = format === 'xml' ? 'text/xml' : 'application/json';
  if (mode === 'plain' || identity.encodingAesKey === null)
    return { query: query.toString(), contentType, body: inside, id };
  const encrypt = new Envelope(identity.encodingAesKey, identity.appId).seal(inside);
  query.set('encrypt_type', 'aes');
  query.set('msg_signature', sortedSha1(token, timestamp, nonce, encrypt));
  const around = { ToUserName: identity.userName, ...beside, Encrypt: encrypt };
  return { query: query.toString(), contentType, body: written(around, format), id };
}

function written(fields: PushFields, format: Format): string {
  if (format === 'xml') {
    // A 64-bit number is written as it is; CDATA is for texts.
    const big = Object.entries(fields).filter(([, value]) => typeof value === 'bigint');
    const rest = Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value !== 'bigint'));
    const bare = big.map(([name, value]) => `<${name}>${String(value)}</${name}>`).join('');
    return writeXml(rest as Record<string, string | number>).replace(/<\/xml>$/, `${bare}</xml>`);
  }
  const names = Object.entries(fields).map(
    ([name, value]) => `${JSON.stringify(name)}:${typeof value === 'bigint' ? String(value) : JSON.stringify(value)}`,
  );
  return `{${names.join(',')}}`;
}

/** The GET by which the platform proves an address. */
export function handshakeOf(identity: PushIdentity, signing: Signing): { query: string; expected: string } {
  const timestamp = String(Math.floor(signing.nowMs / 1000));
  const nonce = nonceOf();
  const echostr = String(randomBytes(8).readBigUInt64BE());
  const signature = sortedSha1(signing.secret ?? identity.token, timestamp, nonce);
  return { query: new URLSearchParams({ signature, timestamp, nonce, echostr }).toString(), expected: echostr };
}
