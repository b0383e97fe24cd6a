import { cleanText as clean, type Content } from '@huiliu/contracts';
import type { InboundEvent } from '@huiliu/connector-kit';
import type { definition } from './definition';
import { contactId, messageId, roomId } from './ids';
import { MESSAGE } from './puppet';

export type Inbound = InboundEvent<typeof definition>;
type InboundContent = Extract<Inbound, { type: 'message.received' }>['data']['content'];

export interface Person {
  readonly id: string;
  readonly name: string;
  /** 2: an official account, which is nobody's customer. */
  readonly type: number | null;
}

/** A message with everything that the puppet knows of it. */
export interface Said {
  readonly id: string;
  readonly type: number;
  readonly text: string;
  /** The login that this process holds wrote it: from here or on the phone. */
  readonly self: boolean;
  readonly talker: Person;
  /** `speaker`: what the talker is called in this group. */
  readonly room: { readonly id: string; readonly topic: string; readonly speaker: string } | null;
  /** Between two: to whom. */
  readonly listener: Person | null;
  readonly timestamp: number;
  readonly file: { readonly name: string; readonly mime: string } | null;
  readonly place: {
    readonly latitude: number;
    readonly longitude: number;
    readonly name?: string;
    readonly address?: string;
  } | null;
  readonly link: {
    readonly title?: string;
    readonly url?: string;
    readonly description?: string;
    readonly thumbnailUrl?: string;
  } | null;
  readonly card: { readonly name: string; readonly id: string } | null;
  readonly miniProgram: Readonly<Record<string, unknown>> | null;
}

const OFFICIAL_ACCOUNT = 2;
/** WeChat's own: files to oneself, notices of friend requests, its team. */
const NOT_PEOPLE = new Set(['filehelper', 'fmessage', 'weixin', 'medianote', 'floatbottle', 'newsapp']);

/** Messages of money and the like, of which a puppet tells no more than that they came. */
const NAMELESS: Readonly<Record<number, string>> = {
  [MESSAGE.chatHistory]: '聊天记录',
  [MESSAGE.transfer]: '转账',
  [MESSAGE.redEnvelope]: '红包',
  [MESSAGE.post]: '朋友圈',
};

/** What has been said, as events. Empty when it has no place in a conversation with a customer. */
export function eventsOf(said: Said, receivedAt: Date): Inbound[] {
  const conversation = conversationOf(said);
  if (conversation === null) return [];
  if (said.type === MESSAGE.recalled) {
    if (said.text === '') return [];
    const remoteId = messageId(said.text.slice(0, 512));
    return [{ type: 'message.recalled', data: { ...conversation, remoteId, recalledAt: sentAt(said, receivedAt) } }];
  }
  const { content, media } = contentOf(said);
  const isNotice = content.kind === 'event';
  const authorName = clean(said.room?.speaker || said.talker.name, 255);
  return [
    {
      type: 'message.received',
      data: {
        ...conversation,
        direction: isNotice ? 'system' : said.self ? 'outbound' : 'inbound',
        remoteId: messageId(said.id),
        content,
        sentAt: sentAt(said, receivedAt),
        ...(authorName === '' || isNotice ? {} : { authorName }),
        ...(said.self || isNotice ? {} : { opens: 'message' }),
      },
      ...(media === undefined ? {} : { media: JSON.stringify(media) }),
    },
  ];
}

/** A group is one conversation, and its own contact: who spoke stands at each message. */
function conversationOf({ room, self, talker, listener }: Said) {
  if (room !== null) {
    const name = clean(room.topic, 255);
    return {
      remoteConversationId: roomId(room.id),
      contact: { remoteId: roomId(room.id), verified: true, ...(name === '' ? {} : { name }) },
    };
  }
  const other = self ? listener : talker;
  if (
    other === null ||
    other.type === OFFICIAL_ACCOUNT ||
    NOT_PEOPLE.has(other.id) ||
    other.id === (self ? talker.id : null)
  )
    return null;
  const name = clean(other.name, 255);
  return {
    remoteConversationId: contactId(other.id),
    contact: { remoteId: contactId(other.id), verified: true, ...(name === '' ? {} : { name }) },
  };
}

function sentAt({ timestamp }: Said, receivedAt: Date): string {
  const ms = timestamp > 100_000_000_000 ? timestamp : timestamp * 1000;
  const plausible = Number.isFinite(ms) && ms > 1_000_000_000_000 && ms < 10_000_000_000_000;
  return (plausible ? new Date(ms) : receivedAt).toISOString();
}

/** What `fetchMedia` finds a file by. */
export interface MediaRef {
  readonly messageId: string;
  readonly name: string;
}

interface Meant {
  readonly content: InboundContent;
  readonly media?: MediaRef;
}

function contentOf(said: Said): Meant {
  const media = { messageId: said.id, name: clean(said.file?.name ?? '', 200) || said.id };
  switch (said.type) {
    case MESSAGE.text:
      return said.text === '' ? unknown(said) : { content: { kind: 'text', text: clean(said.text) } };
    case MESSAGE.image:
      return { content: { kind: 'image', text: '' }, media };
    case MESSAGE.audio:
      return { content: { kind: 'audio', text: '' }, media };
    case MESSAGE.video:
      return { content: { kind: 'video', text: '' }, media };
    case MESSAGE.attachment:
      return { content: { kind: kindOfFile(said.file?.mime ?? ''), text: '' }, media };
    case MESSAGE.emoticon:
      return { content: { kind: 'sticker', text: '' }, media };
    case MESSAGE.location:
      return placeOf(said) ?? unknown(said);
    case MESSAGE.url:
      return linkOf(said) ?? unknown(said);
    case MESSAGE.miniProgram:
      return miniProgramOf(said) ?? unknown(said);
    case MESSAGE.contact:
      return cardOf(said) ?? unknown(said);
    case MESSAGE.groupNote:
      return {
        content: {
          kind: 'event',
          text: clean(said.text),
          event: { type: 'other', key: null, platformType: 'GroupNote' },
        },
      };
    default:
      // A file of a type that the puppet has no name for.
      return said.file === null ? unknown(said) : { content: { kind: kindOfFile(said.file.mime), text: '' }, media };
  }
}

/** Some puppets call every file an attachment. */
function kindOfFile(mime: string): 'image' | 'audio' | 'video' | 'file' {
  const [family] = mime.split('/');
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'file';
}

function placeOf({ place }: Said): Meant | null {
  if (place === null || !(Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180)) return null;
  const { latitude, longitude } = place;
  const [name, address] = [clean(place.name ?? '', 512), clean(place.address ?? '', 1024)];
  const text = name || address || `${latitude}, ${longitude}`;
  const named = { ...(name === '' ? {} : { name }), ...(address === '' ? {} : { address }) };
  return { content: { kind: 'location', text, latitude, longitude, ...named } };
}

function linkOf({ link }: Said): Meant | null {
  const url = (link?.url ?? '').slice(0, 4096);
  if (link === null || !/^https?:\/\//i.test(url)) return null;
  const title = clean(link.title ?? '', 512) || clean(url, 512);
  const imageUrl = (link.thumbnailUrl ?? '').slice(0, 4096);
  const picture = /^https?:\/\//i.test(imageUrl) ? { imageUrl } : {};
  const description = clean(link.description ?? '', 2048);
  return { content: { kind: 'link', text: clean(`${title} ${url}`), title, description, url, ...picture } };
}

function miniProgramOf({ miniProgram }: Said): Meant | null {
  if (miniProgram === null) return null;
  const field = (name: string, most: number): string => {
    const value = miniProgram[name];
    return typeof value === 'string' ? clean(value, most) : '';
  };
  const title = field('title', 512) || '小程序';
  const fields = Object.fromEntries(
    [
      ['AppId', field('appid', 1024)],
      ['PagePath', field('pagePath', 1024)],
    ].filter(([, value]) => value !== ''),
  ) as Record<string, string>;
  const description = field('description', 2048);
  return { content: { kind: 'card', text: title, card: 'miniprogram', title, description, fields } };
}

function cardOf({ card }: Said): Meant | null {
  if (card === null) return null;
  const name = clean(card.name, 255) || card.id.slice(0, 255);
  return { content: { kind: 'contact', text: name, name, remoteId: card.id.slice(0, 512) } };
}

function unknown(said: Said): Meant {
  const platformType = String(said.type);
  const what = NAMELESS[said.type] ?? '暂不支持的消息';
  const content: Extract<Content, { kind: 'unsupported' }> = {
    kind: 'unsupported',
    text: `[${what}]`,
    platformType,
    raw: clean(JSON.stringify({ type: said.type, text: said.text }), 100_000),
  };
  return { content };
}
