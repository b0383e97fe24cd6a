import { randomBytes } from 'node:crypto';
import { Envelope, sortedSha1, writeXml } from '@huiliu/wire';
import type { Push, Signing } from '../platform';

export interface CallbackIdentity {
  readonly corpId: string;
  readonly token: string;
  readonly encodingAesKey: string;
  readonly openKfId: string;
}

const nonceOf = (): string => String(100_000_000 + (randomBytes(4).readUInt32BE() % 900_000_000));

function sealed(
  identity: CallbackIdentity,
  message: string,
  signing: Signing,
): { query: URLSearchParams; encrypt: string } {
  const timestamp = String(Math.floor(signing.nowMs / 1000));
  const nonce = nonceOf();
  const encrypt = new Envelope(identity.encodingAesKey, identity.corpId).seal(message);
  const msg_signature = sortedSha1(signing.secret ?? identity.token, timestamp, nonce, encrypt);
  return { query: new URLSearchParams({ msg_signature, timestamp, nonce }), encrypt };
}

/** The callback: something waits at the account. It carries no content, only the token to pull with. */
export function callbackOf(identity: CallbackIdentity, syncToken: string, signing: Signing): Push {
  const { corpId, openKfId } = identity;
  const message = writeXml({
    ToUserName: corpId,
    CreateTime: Math.floor(signing.nowMs / 1000),
    MsgType: 'event',
    Event: 'kf_msg_or_event',
    Token: syncToken,
    OpenKfId: openKfId,
  });
  const { query, encrypt } = sealed(identity, message, signing);
  const body = writeXml({ ToUserName: corpId, AgentID: '', Encrypt: encrypt });
  return { query: query.toString(), contentType: 'text/xml', body, id: syncToken };
}

/** The GET by which the platform proves an address: the text to be given back comes encrypted. */
export function handshakeOf(identity: CallbackIdentity, signing: Signing): { query: string; expected: string } {
  const expected = String(randomBytes(8).readBigUInt64BE());
  const { query, encrypt } = sealed(identity, expected, signing);
  query.set('echostr', encrypt);
  return { query: query.toString(), expected };
}
