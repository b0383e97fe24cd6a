import type { InboundContent } from '@huiliu/connector-kit';
import { clean, type Fields, textField } from '../shared/fields';
import type { definition } from './definition';
import type { Item } from './items';
import type { MediaRef } from './media';

export type WecomContent = InboundContent<typeof definition>;
type Card = Extract<WecomContent, { kind: 'card' }>;
type Field = (name: string, most?: number) => string;

export interface SaidContent {
  readonly content: WecomContent;
  readonly media?: MediaRef;
}

const MEDIA = { image: 'image', voice: 'audio', video: 'video', file: 'file' } as const;

/** What a message holds, in canonical terms. What cannot be shown is kept as it came. */
export function contentOf(item: Item): SaidContent {
  const { said, type } = item;
  const field: Field = (name, most) => clean(textField(said, name) ?? '', most);
  switch (type) {
    case 'text': {
      const text = field('content');
      return text === '' ? unsupported(item) : { content: { kind: 'text', text } };
    }
    case 'image':
    case 'voice':
    case 'video':
    case 'file': {
      const mediaId = field('media_id', 1024);
      if (mediaId === '') return unsupported(item);
      return {
        content: { kind: MEDIA[type], text: '' },
        media: { mediaId, name: item.msgid.replace(/[^\w-]/g, '_').slice(0, 64) },
      };
    }
    case 'location':
      return locationOf(said, field) ?? unsupported(item);
    case 'link':
      return linkOf(field) ?? unsupported(item);
    case 'business_card': {
      const userid = field('userid', 255);
      return userid === ''
        ? unsupported(item)
        : { content: { kind: 'contact', text: userid, name: userid, remoteId: userid } };
    }
    case 'msgmenu':
      return menuOf(said, field);
    case 'miniprogram':
      return card('miniprogram', field('title', 512) || '小程序', field, ['appid', 'pagepath']);
    case 'channels_shop_product':
      return card(
        'product',
        field('title', 512) || '视频号商品',
        field,
        ['sales_price', 'shop_nickname', 'product_id'],
        'head_img',
      );
    case 'channels_shop_order':
      return card(
        'order',
        field('product_titles', 512) || '视频号订单',
        field,
        ['order_id', 'price_wording', 'state', 'shop_nickname'],
        'image_url',
      );
    default:
      return unsupported(item);
  }
}

function locationOf(said: Fields, field: Field): SaidContent | null {
  const [latitude, longitude] = ['latitude', 'longitude'].map((name) => Number(textField(said, name) || NaN));
  if (latitude === undefined || longitude === undefined) return null;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  const [name, address] = [field('name', 512), field('address', 1024)];
  const text = name || address || `${latitude}, ${longitude}`;
  return {
    content: {
      kind: 'location',
      text,
      latitude,
      longitude,
      ...(name === '' ? {} : { name }),
      ...(address === '' ? {} : { address }),
    },
  };
}

const isWeb = (url: string): boolean => /^https?:\/\//i.test(url);

function linkOf(field: Field): SaidContent | null {
  const url = field('url', 4096);
  if (!isWeb(url)) return null;
  const title = field('title', 512) || url.slice(0, 512);
  const imageUrl = field('pic_url', 4096);
  return {
    content: {
      kind: 'link',
      text: clean(`${title} ${url}`),
      title,
      description: field('desc', 2048),
      url,
      ...(isWeb(imageUrl) ? { imageUrl } : {}),
    },
  };
}

function card(kind: Card['card'], title: string, field: Field, names: readonly string[], image?: string): SaidContent {
  const fields = Object.fromEntries(
    names.map((name) => [name, field(name, 1024)] as const).filter(([, value]) => value !== ''),
  );
  const imageUrl = image === undefined ? '' : field(image, 4096);
  return {
    content: {
      kind: 'card',
      text: title,
      card: kind,
      title,
      description: '',
      fields,
      ...(isWeb(imageUrl) ? { imageUrl } : {}),
    },
  };
}

/** A menu that was sent in the WeCom client: each entry under the words that it shows. */
function menuOf(said: Fields, field: Field): SaidContent {
  const list = Array.isArray(said.list) ? (said.list as unknown[]).slice(0, 50) : [];
  const items = list.flatMap((entry, n) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const type = textField(entry as Fields, 'type') ?? '';
    const part = (entry as Fields)[type];
    if (typeof part !== 'object' || part === null) return [];
    const words = clean(textField(part as Fields, 'content') ?? '', 512);
    const url = clean(textField(part as Fields, 'url') ?? '', 4096);
    const id = clean(textField(part as Fields, 'id') ?? String(n + 1), 128);
    return words === '' ? [] : [{ id, text: words, ...(isWeb(url) ? { url } : {}) }];
  });
  const text = [field('head_content'), field('tail_content')].filter((one) => one !== '').join('\n');
  return { content: { kind: 'menu', text: clean(text), items } };
}

function unsupported(item: Item): SaidContent {
  const platformType = clean(item.type || 'unknown', 128);
  return {
    content: {
      kind: 'unsupported',
      text: clean(`[暂不支持的消息：${platformType}]`),
      platformType,
      raw: clean(JSON.stringify(item.raw), 100_000),
    },
  };
}
