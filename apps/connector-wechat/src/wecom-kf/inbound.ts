import type { Content } from '@huiliu/contracts';
import type { InboundEvent, PlatformReceipt } from '@huiliu/connector-kit';
import { clean, textField } from '../shared/fields';
import { contentOf, type WecomContent } from './content';
import type { definition } from './definition';
import { failureOf } from './errors';
import { externalUserId, type ExternalUserId, type MsgId, msgId } from './ids';
import { eventContent } from './inbound-events';
import { type Item, ORIGIN } from './items';
import type { MediaRef } from './media';

export type Inbound = InboundEvent<typeof definition>;
export type Receipt = PlatformReceipt<typeof definition>;

/** Who a customer is, as far as the platform told. */
export interface Profile {
  readonly name?: string;
  readonly avatarUrl?: string;
}

/** A customer who may be welcomed now. */
export interface Welcome {
  readonly code: string;
  readonly customer: ExternalUserId;
  readonly event: MsgId;
  readonly sentAtMs: number;
}

/** What an entry says: at most one thing. All null for what has no place in a conversation: of a servicer, of another account, unknown. */
export interface Said {
  readonly event: Inbound | null;
  readonly receipt: Receipt | null;
  readonly welcome: Welcome | null;
}

const NOTHING: Said = { event: null, receipt: null, welcome: null };

/** Reads one entry of `msg_list`. `profileOf`: what is known of its customer. */
export function saidBy(item: Item, receivedAt: Date, profileOf: (customer: string) => Profile): Said {
  const at = (item.sentAtMs === null ? receivedAt : new Date(item.sentAtMs)).toISOString();
  if (item.type === 'event') return eventOf(item, at, profileOf);
  if (item.customer === null) return NOTHING;
  const customer = externalUserId(item.customer);
  const { content, media } = contentOf(item);
  const ours = item.origin === ORIGIN.servicer;
  return {
    ...NOTHING,
    event: received(item, customer, content, at, profileOf(customer), {
      // What a servicer answered in the WeCom client is one of us who answered elsewhere.
      direction: ours ? 'outbound' : item.origin === ORIGIN.system ? 'system' : 'inbound',
      ...(ours && item.servicer !== null ? { authorName: clean(item.servicer, 255) } : {}),
      ...(item.origin === ORIGIN.customer ? { opens: 'message' } : {}),
      media,
    }),
  };
}

function eventOf(item: Item, at: string, profileOf: (customer: string) => Profile): Said {
  const field = (name: string): string => clean(textField(item.said, name) ?? '', 512);
  const type = field('event_type');
  if (type === 'msg_send_fail') {
    const failed = field('fail_msgid');
    if (failed === '') return NOTHING;
    const error = failureOf(field('fail_type'));
    return { ...NOTHING, receipt: { remoteId: msgId(failed), state: 'failed', error, at } };
  }
  // Of a servicer and no customer: whether they take conversations in the WeCom client.
  if (item.customer === null || type === '') return NOTHING;
  const customer = externalUserId(item.customer);
  if (type === 'user_recall_msg' || type === 'servicer_recall_msg') {
    const recalled = field('recall_msgid');
    if (recalled === '') return NOTHING;
    const contact = contactOf(customer, profileOf(customer));
    return {
      ...NOTHING,
      event: {
        type: 'message.recalled',
        data: { remoteConversationId: customer, contact, remoteId: msgId(recalled), recalledAt: at },
      },
    };
  }
  const code = field('welcome_code');
  const content = eventContent(clean(type, 128), field);
  return {
    ...NOTHING,
    event: received(item, customer, content, at, profileOf(customer), { direction: 'system' }),
    welcome:
      code === '' || item.sentAtMs === null
        ? null
        : { code, customer, event: msgId(item.msgid), sentAtMs: item.sentAtMs },
  };
}

function contactOf(customer: ExternalUserId, { name, avatarUrl }: Profile) {
  return {
    remoteId: customer,
    verified: true,
    ...(name === undefined ? {} : { name }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
  };
}

function received(
  item: Item,
  customer: ExternalUserId,
  content: WecomContent,
  at: string,
  profile: Profile,
  more: {
    direction: 'inbound' | 'outbound' | 'system';
    authorName?: string;
    opens?: string;
    media?: MediaRef | null;
  },
): Inbound {
  const { media, ...rest } = more;
  return {
    type: 'message.received',
    data: {
      remoteConversationId: customer,
      contact: contactOf(customer, profile),
      remoteId: msgId(item.msgid),
      content,
      sentAt: at,
      ...rest,
    },
    ...(media == null ? {} : { media: JSON.stringify(media) }),
  };
}

/** The welcome that was sent, as the record shows it: said by one of our machines outside the inbox. */
export function welcomed(welcome: Welcome, id: MsgId, text: string, profile: Profile, now: Date): Inbound {
  const content: Extract<Content, { kind: 'text' }> = { kind: 'text', text };
  return {
    type: 'message.received',
    data: {
      remoteConversationId: welcome.customer,
      contact: contactOf(welcome.customer, profile),
      remoteId: id,
      direction: 'outbound',
      authorName: '欢迎语',
      content,
      sentAt: now.toISOString(),
    },
  };
}
