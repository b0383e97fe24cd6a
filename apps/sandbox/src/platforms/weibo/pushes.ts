import { randomBytes } from 'node:crypto';
import { sortedSha1, writeXml } from '@huiliu/wire';
import type { Push, Signing } from '../platform';
import { dateOf, write } from './answers';

export type Format = 'json' | 'xml';

/** What a push says, as the platform's own form has it. */
export interface Pushed {
  readonly type?: string;
  readonly text?: string;
  readonly data?: Readonly<Record<string, string | bigint>>;
}

function queryOf(secret: string, nowMs: number): URLSearchParams {
  // Milliseconds, as in the platform's published sample.
  const timestamp = String(nowMs);
  const nonce = String(10_000_000 + (randomBytes(4).readUInt32BE() % 90_000_000));
  return new URLSearchParams({ signature: sortedSha1(secret, timestamp, nonce), timestamp, nonce });
}

/** A push, signed with the app's secret; `atMs`: when it was said, shown to the second. */
export function pushOf(
  account: { readonly secret: string; readonly uid: bigint },
  sender: bigint,
  pushed: Pushed,
  atMs: number,
  format: Format,
  signing: Signing,
): Push {
  const id = `${sender} ${dateOf(atMs)}`;
  const query = queryOf(signing.secret ?? account.secret, signing.nowMs).toString();
  if (format === 'xml') return { id, query, contentType: 'text/xml', body: xmlOf(account.uid, sender, pushed, atMs) };
  const fields = {
    type: pushed.type,
    receiver_id: account.uid,
    sender_id: sender,
    created_at: dateOf(atMs),
    text: pushed.text ?? '',
    data: pushed.data ?? {},
  };
  return { id, query, contentType: 'application/json', body: write(fields) };
}

/** Source: open.weibo.com, 微信XML格式兼容. `MsgId` is empty. */
function xmlOf(receiver: bigint, sender: bigint, { type, text = '', data = {} }: Pushed, atMs: number): string {
  const said = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, String(value)]));
  const common = {
    ToUserName: String(receiver),
    FromUserName: String(sender),
    CreateTime: Math.floor(atMs / 1000),
    ...(type === undefined ? {} : { MsgType: type === 'position' ? 'location' : type }),
  };
  switch (type) {
    case 'image':
      return writeXml({ ...common, PicUrl: '', MediaId: said.tovfid ?? '', MsgId: '' });
    case 'voice':
      return writeXml({ ...common, MediaId: said.tovfid ?? '', Format: 'amr', MsgId: '' });
    case 'position':
      return writeXml({
        ...common,
        Location_X: said.latitude ?? '',
        Location_Y: said.longitude ?? '',
        Scale: '',
        Label: text,
        MsgId: '',
      });
    case 'event':
    case 'mention':
      return writeXml({
        ...common,
        Event: said.subtype ?? '',
        EventKey: said.key ?? '',
        Ticket: said.ticket ?? '',
        ...(type === 'mention' ? { Content: text } : {}),
      });
    default:
      return writeXml({ ...common, Content: text, MsgId: '' });
  }
}

/** The GET by which the platform proves an address. */
export function handshakeOf(secret: string, signing: Signing): { query: string; expected: string } {
  const query = queryOf(signing.secret ?? secret, signing.nowMs);
  const echostr = randomBytes(6).toString('base64url');
  query.set('echostr', echostr);
  return { query: query.toString(), expected: echostr };
}
