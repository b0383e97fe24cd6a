import { createHmac } from 'node:crypto';
import { Envelope, sortedSha1, writeXml } from '@huiliu/wire';
import { textOf } from '../lib/messages';
import type { LoadVisitor, Target } from './visitor-lines';

/** Whose pushes they are, and the key by which the floor knows them. */
export interface PushAccount {
  readonly appId: string;
  readonly token: string;
  readonly encodingAesKey: string;
  readonly hmacKey: string;
}

const WIDTH = 9;

/** A message id of figures alone that tells whose it is and which: beyond 2^53, as the real ones are. */
export const pushIdOf = (visitor: number, nth: number): string =>
  `1${String(visitor).padStart(WIDTH, '0')}${String(nth).padStart(WIDTH, '0')}`;

export function readPushId(id: string): { readonly visitor: number; readonly nth: number } {
  return { visitor: Number(id.slice(1, 1 + WIDTH)), nth: Number(id.slice(1 + WIDTH)) };
}

/** Whose message the HMAC of the floor is over: what its query says. */
export const hmacOf = (key: string, id: string, body: string | Buffer): string =>
  createHmac('sha256', key).update(id).update(body).digest('hex');

/** A push as WeChat sends it in safe mode, as one request. The floor's HMAC stands in the query beside its own signature. */
export function pushWriter(
  { appId, token, encodingAesKey, hmacKey }: PushAccount,
  target: Target,
): (visitor: number, nth: number, of: LoadVisitor) => string {
  const envelope = new Envelope(encodingAesKey, appId);
  const { host, port, path } = target;
  let nonce = 100_000_000;
  return (visitor, nth, { conversationId: openid }) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const id = pushIdOf(visitor, nth);
    const inside = writeXml({
      ToUserName: 'gh_bench',
      FromUserName: openid,
      CreateTime: Number(timestamp),
      MsgType: 'text',
      Content: textOf(nth),
      MsgId: id,
    });
    const encrypt = envelope.seal(inside);
    const body = writeXml({ ToUserName: 'gh_bench', Encrypt: encrypt });
    const query = new URLSearchParams({
      signature: sortedSha1(token, timestamp, String(++nonce)),
      timestamp,
      nonce: String(nonce),
      openid,
      encrypt_type: 'aes',
      msg_signature: sortedSha1(token, timestamp, String(nonce), encrypt),
      id,
      hmac: hmacOf(hmacKey, id, body),
    });
    return (
      `POST ${path}?${query.toString()} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: text/xml\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    );
  };
}
