import { z } from 'zod';
import { parseJson } from '@huiliu/wire';
import type { Media } from '../media';

const id = z.string().min(1);
const text = z.string();
const Article = z.object({ title: text, description: text, url: text, picurl: text.optional() });

/** The bodies of `message/custom/send` by `msgtype`. There is neither a file nor a position. */
const Bodies = z.discriminatedUnion('msgtype', [
  z.object({ msgtype: z.literal('text'), text: z.object({ content: text.min(1) }) }),
  z.object({ msgtype: z.literal('image'), image: z.object({ media_id: id }) }),
  z.object({ msgtype: z.literal('voice'), voice: z.object({ media_id: id }) }),
  z.object({
    msgtype: z.literal('video'),
    video: z.object({
      media_id: id,
      thumb_media_id: text.optional(),
      title: text.optional(),
      description: text.optional(),
    }),
  }),
  z.object({ msgtype: z.literal('news'), news: z.object({ articles: z.array(Article).length(1) }) }),
  z.object({
    msgtype: z.literal('msgmenu'),
    msgmenu: z.object({
      head_content: text,
      list: z.array(z.object({ id: text, content: text })).min(1),
      tail_content: text.optional(),
    }),
  }),
  z.object({
    msgtype: z.literal('link'),
    link: z.object({ title: text, description: text, url: text, thumb_url: text }),
  }),
  z.object({
    msgtype: z.literal('miniprogrampage'),
    miniprogrampage: z.object({ title: text, appid: text.optional(), pagepath: text, thumb_media_id: id }),
  }),
]);
const MINI_PROGRAM_TYPES = ['text', 'image', 'link', 'miniprogrampage'];
const OFFICIAL_TYPES = ['text', 'image', 'voice', 'video', 'news', 'msgmenu', 'miniprogrampage'];
const MAX_TEXT_BYTES = 2048;

export interface Sending {
  readonly touser: string;
  readonly body: z.infer<typeof Bodies>;
  readonly plain: string;
  readonly mediaId: string | null;
}

/** Reads a body of `custom/send` as strictly as the platform does; answers the code of the refusal otherwise. */
export function readSending(raw: string, media: Media, nowMs: number, miniProgram: boolean): Sending | number {
  let given: unknown;
  try {
    given = parseJson(raw);
  } catch {
    return 47001;
  }
  const Head = z.object({ touser: text.min(1), msgtype: text });
  const head = Head.safeParse(given);
  if (!head.success) return 47001;
  // An escaped backslash before it makes it a text like any other.
  if (/(?<!\\)(?:\\\\)*\\u[0-9a-f]{4}/i.test(raw)) return 40033;
  if (!(miniProgram ? MINI_PROGRAM_TYPES : OFFICIAL_TYPES).includes(head.data.msgtype)) return 40008;
  const parsed = Bodies.safeParse(given);
  if (!parsed.success) return 47001;
  const body = parsed.data;
  const mediaId = mediaIdOf(body);
  if (mediaId !== null && media.get(mediaId, nowMs) === undefined) return 40007;
  const plain = plainOf(body);
  if (body.msgtype === 'text' && Buffer.byteLength(plain) > MAX_TEXT_BYTES) return 45002;
  return { touser: head.data.touser, body, plain, mediaId };
}

function mediaIdOf(body: z.infer<typeof Bodies>): string | null {
  switch (body.msgtype) {
    case 'image':
      return body.image.media_id;
    case 'voice':
      return body.voice.media_id;
    case 'video':
      return body.video.media_id;
    default:
      return null;
  }
}

function plainOf(body: z.infer<typeof Bodies>): string {
  switch (body.msgtype) {
    case 'text':
      return body.text.content;
    case 'news':
      return body.news.articles.map(({ title, url }) => `${title}\n${url}`).join('\n');
    case 'link':
      return `${body.link.title}\n${body.link.url}`;
    case 'msgmenu':
      return [body.msgmenu.head_content, ...body.msgmenu.list.map(({ content }) => `· ${content}`)].join('\n');
    case 'miniprogrampage':
      return body.miniprogrampage.title;
    default:
      return '';
  }
}
