import type { Content } from '@huiliu/contracts';
import type { InboundEvent } from '@huiliu/connector-kit';
import type { definition } from './definition';
import { clean, type PushFields } from './fields';
import { eventOf, mentionOf } from './inbound-events';
import { privateConversation, pushId, type RemoteMessageId, type Uid, uidOf } from './ids';

export type Inbound = InboundEvent<typeof definition>;
type Received = Extract<Inbound, { type: 'message.received' }>;
type InboundContent = Received['data']['content'];

/** What a push says. Empty when it says nothing that has a place in a conversation: well signed but unknown. */
export function eventsOf(push: PushFields, receivedAt: Date): Received[] {
  const sender = uidOf(push.sender);
  if (sender === null || push.type === '') return [];
  const remoteId = idOf(push, sender);
  const at = sentAt(push.createdAt, receivedAt);
  switch (push.type) {
    case 'event': {
      if (!push.data.subtype) return [];
      const { content, opens } = eventOf(push);
      return [received(sender, remoteId, content, at, { system: true, ...(opens === null ? {} : { opens }) })];
    }
    case 'mention':
      return [received(sender, remoteId, mentionOf(push), at, { system: true, opens: 'mention' })];
    default: {
      const { content, media } = contentOf(push);
      return [received(sender, remoteId, content, at, { opens: 'message', ...(media === null ? {} : { media }) })];
    }
  }
}

function idOf({ type, text, createdAt, data }: PushFields, sender: Uid): RemoteMessageId {
  const names = Object.keys(data).sort();
  return pushId(sender, createdAt, [type, text, ...names.flatMap((name) => [name, data[name] as string])]);
}

function received(
  from: Uid,
  remoteId: RemoteMessageId,
  content: InboundContent,
  at: string,
  more: { system?: true; opens?: string; media?: string },
): Received {
  return {
    type: 'message.received',
    data: {
      remoteConversationId: privateConversation(from),
      contact: { remoteId: from, verified: true },
      direction: more.system === true ? 'system' : 'inbound',
      remoteId,
      content,
      sentAt: at,
      ...(more.opens === undefined ? {} : { opens: more.opens }),
    },
    ...(more.media === undefined ? {} : { media: more.media }),
  };
}

/** A time that cannot be is ours. */
export function sentAt(createdAt: string, receivedAt: Date): string {
  const seconds = Number(createdAt || NaN);
  const plausible = Number.isInteger(seconds) && seconds > 1_000_000_000 && seconds < 10_000_000_000;
  return (plausible ? new Date(seconds * 1000) : receivedAt).toISOString();
}

interface Said {
  readonly content: InboundContent;
  /** The file's `tovfid`. */
  readonly media: string | null;
}

function contentOf(push: PushFields): Said {
  const text = clean(push.text);
  // `tovfid` is the receiver's; `vfid` is the sender's own.
  const fid = clean(push.data.tovfid || push.data.vfid || '', 512);
  const media = fid === '' ? null : fid;
  switch (push.type) {
    case 'text':
      return text === '' ? unknown(push) : { content: { kind: 'text', text }, media: null };
    case 'image':
      // The text beside it is the platform's own ("发了一张图片"), not the customer's.
      return { content: { kind: 'image', text: '' }, media };
    case 'voice':
      return { content: { kind: 'audio', text: '' }, media };
    case 'position':
      return positionOf(push) ?? unknown(push);
    default:
      return unknown(push);
  }
}

function positionOf({ data, text }: PushFields): Said | null {
  const [latitude, longitude] = [Number(data.latitude || NaN), Number(data.longitude || NaN)];
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  // "我在这里: http://t.cn/…": what stands before the address of the map.
  const words = clean(text.replace(/https?:\/\/\S+/g, '').replace(/[:：]\s*$/, ''), 1024).trim();
  const shown = words === '' ? `${latitude}, ${longitude}` : words;
  const address = words === '' || words === '我在这里' ? {} : { address: words };
  return { content: { kind: 'location', text: shown, latitude, longitude, ...address }, media: null };
}

function unknown(push: PushFields): Said {
  const platformType = clean(push.type, 128);
  const { type, text, data } = push;
  const content: Extract<Content, { kind: 'unsupported' }> = {
    kind: 'unsupported',
    text: clean(`[暂不支持的消息：${platformType}]`),
    platformType,
    raw: clean(JSON.stringify({ type, text, data }), 100_000),
  };
  return { content, media: null };
}
