import type { Content } from '@huiliu/contracts';
import type { InboundEvent } from '@huiliu/connector-kit';
import type { definition } from './definition';
import { clean, type Fields, textField } from '../shared/fields';
import { eventContent, opensOf } from './inbound-events';
import { eventId, messageId, openId, type OpenId, type RemoteMessageId } from './ids';
import type { MediaRef } from './media';

export type Inbound = InboundEvent<typeof definition>;
type InboundContent = Extract<Inbound, { type: 'message.received' }>['data']['content'];

/** What a decoded push says. Empty when it says nothing that has a place in a conversation: well signed but unknown. */
export function eventsOf(fields: Fields, receivedAt: Date): Inbound[] {
  const from = textField(fields, 'FromUserName');
  const type = textField(fields, 'MsgType');
  if (from === null || from === '' || from.length > 128 || type === null || type === '') return [];
  const sender = openId(from);
  return type === 'event' ? eventOf(fields, sender, receivedAt) : messageOf(fields, sender, type, receivedAt);
}

function messageOf(fields: Fields, from: OpenId, type: string, receivedAt: Date): Inbound[] {
  const id = textField(fields, 'MsgId') ?? textField(fields, 'MsgID');
  if (id === null || !/^[\w-]{1,64}$/.test(id)) return [];
  const { content, media } = contentOf(fields, type, id);
  return [received(from, messageId(id), content, sentAt(fields, receivedAt), { opens: 'message', media })];
}

function eventOf(fields: Fields, from: OpenId, receivedAt: Date): Inbound[] {
  const event = textField(fields, 'Event');
  // The result of a mass sending is told under the name of no customer.
  if (event === null || event === '' || event === 'MASSSENDJOBFINISH') return [];
  const key = textField(fields, 'EventKey') ?? textField(fields, 'SessionFrom') ?? '';
  const time = textField(fields, 'CreateTime') ?? String(Math.floor(receivedAt.getTime() / 1000));
  const id = eventId(from, clean(time, 32), clean(event, 64), clean(key, 2048));
  const content = eventContent(clean(event, 64), clean(key, 512), fields);
  const opens = opensOf(content.event.type);
  return [
    received(from, id, content, sentAt(fields, receivedAt), { system: true, ...(opens === null ? {} : { opens }) }),
  ];
}

function received(
  from: OpenId,
  remoteId: RemoteMessageId,
  content: InboundContent,
  at: string,
  more: { system?: true; opens?: string; media?: MediaRef | null },
): Inbound {
  return {
    type: 'message.received',
    data: {
      remoteConversationId: from,
      contact: { remoteId: from, verified: true },
      direction: more.system === true ? 'system' : 'inbound',
      remoteId,
      content,
      sentAt: at,
      ...(more.opens === undefined ? {} : { opens: more.opens }),
    },
    ...(more.media == null ? {} : { media: JSON.stringify(more.media) }),
  };
}

/** `CreateTime` in seconds; a time that cannot be is ours. */
function sentAt(fields: Fields, receivedAt: Date): string {
  const seconds = Number(textField(fields, 'CreateTime'));
  const plausible = Number.isInteger(seconds) && seconds > 1_000_000_000 && seconds < 10_000_000_000;
  return (plausible ? new Date(seconds * 1000) : receivedAt).toISOString();
}

interface Said {
  readonly content: InboundContent;
  readonly media?: MediaRef;
}

function contentOf(fields: Fields, type: string, id: string): Said {
  const field = (name: string, most?: number): string => clean(textField(fields, name) ?? '', most);
  const mediaId = textField(fields, 'MediaId') ?? '';
  const media: MediaRef = { mediaId: mediaId.slice(0, 1024), name: id };
  switch (type) {
    case 'text': {
      const text = field('Content');
      return text === '' ? unknown(fields, type) : { content: { kind: 'text', text } };
    }
    case 'image': {
      const picUrl = textField(fields, 'PicUrl');
      const fallback = picUrl !== null && /^https?:\/\//.test(picUrl) ? { url: picUrl.slice(0, 2048) } : {};
      return { content: { kind: 'image', text: '' }, media: { ...media, ...fallback } };
    }
    case 'voice':
      return { content: { kind: 'audio', text: field('Recognition') }, media };
    case 'video':
    case 'shortvideo':
      return { content: { kind: 'video', text: '' }, media };
    case 'location':
      return locationOf(fields, field) ?? unknown(fields, type);
    case 'link':
      return linkOf(field) ?? unknown(fields, type);
    case 'miniprogrampage':
      return cardOf(field);
    default:
      return unknown(fields, type);
  }
}

type Field = (name: string, most?: number) => string;

function locationOf(fields: Fields, field: Field): Said | null {
  const [latitude, longitude] = ['Location_X', 'Location_Y'].map((name) => Number(textField(fields, name) || NaN));
  if (latitude === undefined || longitude === undefined) return null;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  const address = field('Label', 1024);
  const text = address === '' ? `${latitude}, ${longitude}` : address;
  return { content: { kind: 'location', text, latitude, longitude, ...(address === '' ? {} : { address }) } };
}

function linkOf(field: Field): Said | null {
  const url = field('Url', 4096);
  if (!/^https?:\/\//i.test(url)) return null;
  const title = field('Title', 512) || url.slice(0, 512);
  return {
    content: { kind: 'link', text: clean(`${title} ${url}`), title, description: field('Description', 2048), url },
  };
}

function cardOf(field: Field): Said {
  const title = field('Title', 512) || '小程序';
  const imageUrl = field('ThumbUrl', 4096);
  const picture = /^https?:\/\//i.test(imageUrl) ? { imageUrl } : {};
  const fields = { AppId: field('AppId', 1024), PagePath: field('PagePath', 1024) };
  return { content: { kind: 'card', text: title, card: 'miniprogram', title, description: '', fields, ...picture } };
}

function unknown(fields: Fields, type: string): Said {
  const platformType = clean(type, 128);
  const raw = clean(JSON.stringify(fields), 100_000);
  const content: Extract<Content, { kind: 'unsupported' }> = {
    kind: 'unsupported',
    text: clean(`[暂不支持的消息：${platformType}]`),
    platformType,
    raw,
  };
  return { content };
}
