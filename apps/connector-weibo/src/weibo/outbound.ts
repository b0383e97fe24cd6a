import { asText, ConnectorError, type Encoders, type SendPart } from '@huiliu/connector-kit';
import type { definition } from './definition';
import { commentOf, isNumeric, placeOf } from './ids';

/** One call of the platform: a private message, an answer to a comment, or a comment under a post. */
export type WeiboRequest =
  | {
      readonly to: 'private';
      readonly receiver: string;
      readonly type: 'text' | 'articles' | 'position';
      readonly data: Readonly<Record<string, unknown>>;
    }
  | { readonly to: 'comment'; readonly status: string; readonly comment: string; readonly text: string }
  | { readonly to: 'status'; readonly status: string; readonly text: string };

type Part = SendPart<'text'> | SendPart<'location'> | SendPart<'link'>;

const plain = (text: string): string => text.replaceAll('\u0000', '').toWellFormed();

/** In public where the conversation is public: under what its customer said last. Only words can be said there. */
function publicly(part: Part): WeiboRequest | null {
  const place = placeOf(part.remoteConversationId);
  if (place.kind === 'private') return null;
  const { status } = place;
  if (!isNumeric(status) || status === '0') throw new ConnectorError('rejected', 'no_status', '原微博已不存在');
  const text = plain(asText(part.content) ?? '');
  const comment = commentOf(part.inReplyTo);
  if (comment !== null) return { to: 'comment', status, comment, text };
  if (place.kind === 'comment') throw new ConnectorError('rejected', 'no_comment', '不知道要回复哪一条评论');
  return { to: 'status', status, text };
}

const privately = (
  part: Part,
  type: 'text' | 'articles' | 'position',
  data: Record<string, unknown>,
): WeiboRequest => ({ to: 'private', receiver: part.remoteContactId, type, data });

/** Canonical content as the platform wants it. */
export const encoders: Encoders<typeof definition, WeiboRequest> = {
  text: (part) => publicly(part) ?? privately(part, 'text', { text: plain(part.content.text) }),
  location: (part) => {
    const { longitude, latitude } = part.content;
    return publicly(part) ?? privately(part, 'position', { longitude: String(longitude), latitude: String(latitude) });
  },
  link: (part) => {
    const { title, description, url, imageUrl = '' } = part.content;
    const article = { display_name: plain(title), summary: plain(description), image: imageUrl, url };
    return publicly(part) ?? privately(part, 'articles', { articles: [article] });
  },
};
