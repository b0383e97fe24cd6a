import { z } from 'zod';
import { parseJson } from '@huiliu/wire';
import type { Media } from '../media';

const id = z.string().min(1);
const text = z.string();
const medium = z.object({ media_id: id });
const MenuEntry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('click'), click: z.object({ id: text.optional(), content: id }) }),
  z.object({ type: z.literal('view'), view: z.object({ url: id, content: id }) }),
  z.object({
    type: z.literal('miniprogram'),
    miniprogram: z.object({ appid: id, pagepath: text, content: id }),
  }),
  z.object({ type: z.literal('text'), text: z.object({ content: id, no_newline: z.number().optional() }) }),
]);

/** The bodies of `kf/send_msg` by `msgtype`. */
const Bodies = z.discriminatedUnion('msgtype', [
  z.object({ msgtype: z.literal('text'), text: z.object({ content: id }) }),
  z.object({ msgtype: z.literal('image'), image: medium }),
  z.object({ msgtype: z.literal('voice'), voice: medium }),
  z.object({ msgtype: z.literal('video'), video: medium }),
  z.object({ msgtype: z.literal('file'), file: medium }),
  z.object({
    msgtype: z.literal('link'),
    link: z.object({ title: id, desc: text.optional(), url: id, thumb_media_id: id }),
  }),
  z.object({
    msgtype: z.literal('miniprogram'),
    miniprogram: z.object({ appid: id, title: text.optional(), thumb_media_id: id, pagepath: id }),
  }),
  z.object({
    msgtype: z.literal('msgmenu'),
    msgmenu: z.object({
      head_content: text.optional(),
      list: z.array(MenuEntry).max(50).optional(),
      tail_content: text.optional(),
    }),
  }),
  z.object({
    msgtype: z.literal('location'),
    location: z.object({
      name: text.optional(),
      address: text.optional(),
      latitude: z.number(),
      longitude: z.number(),
    }),
  }),
  z.object({ msgtype: z.literal('ca_link'), ca_link: z.object({ link_url: id }) }),
]);
type Body = z.infer<typeof Bodies>;

const Head = z.object({
  touser: text.optional(),
  open_kfid: text.optional(),
  code: text.optional(),
  msgid: text.optional(),
  msgtype: text,
});
const MAX_TEXT_BYTES = 2048;

export interface Sending {
  readonly head: z.infer<typeof Head>;
  readonly body: Body;
  readonly plain: string;
  readonly mediaId: string | null;
}

/** Reads a body of `kf/send_msg` (or `send_msg_on_event`) as strictly as the platform does; answers the code of the refusal otherwise. */
export function readSending(raw: string, media: Media, nowMs: number): Sending | number {
  let given: unknown;
  try {
    given = parseJson(raw);
  } catch {
    return 47001;
  }
  const head = Head.safeParse(given);
  if (!head.success) return 40058;
  const { msgid, msgtype } = head.data;
  if (msgid !== undefined && !/^[0-9a-zA-Z_-]{0,32}$/.test(msgid)) return 40058;
  const parsed = Bodies.safeParse(given);
  if (!parsed.success) return Bodies.options.some(({ shape }) => shape.msgtype.value === msgtype) ? 40058 : 40008;
  const body = parsed.data;
  const ids = mediaIdsOf(body);
  if (ids.some((one) => media.get(one, nowMs) === undefined)) return 40007;
  const plain = plainOf(body);
  if (body.msgtype === 'text' && Buffer.byteLength(plain) > MAX_TEXT_BYTES) return 45002;
  return { head: head.data, body, plain, mediaId: ids[0] ?? null };
}

function mediaIdsOf(body: Body): string[] {
  switch (body.msgtype) {
    case 'image':
      return [body.image.media_id];
    case 'voice':
      return [body.voice.media_id];
    case 'video':
      return [body.video.media_id];
    case 'file':
      return [body.file.media_id];
    case 'link':
      return [body.link.thumb_media_id];
    case 'miniprogram':
      return [body.miniprogram.thumb_media_id];
    default:
      return [];
  }
}

const wordsOf = (entry: z.infer<typeof MenuEntry>): string => {
  switch (entry.type) {
    case 'click':
      return entry.click.content;
    case 'view':
      return `${entry.view.content} ${entry.view.url}`;
    case 'miniprogram':
      return entry.miniprogram.content;
    case 'text':
      return entry.text.content;
  }
};

function plainOf(body: Body): string {
  switch (body.msgtype) {
    case 'text':
      return body.text.content;
    case 'link':
      return `${body.link.title}\n${body.link.url}`;
    case 'location':
      return body.location.name || body.location.address || `${body.location.latitude}, ${body.location.longitude}`;
    case 'msgmenu': {
      const { head_content = '', list = [], tail_content = '' } = body.msgmenu;
      return [head_content, ...list.map((entry) => `· ${wordsOf(entry)}`), tail_content]
        .filter((one) => one !== '')
        .join('\n');
    }
    case 'miniprogram':
      return body.miniprogram.title ?? '';
    case 'ca_link':
      return body.ca_link.link_url;
    default:
      return '';
  }
}
