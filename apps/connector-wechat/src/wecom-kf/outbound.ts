import type { Attachment } from '@huiliu/contracts';
import { asText, ConnectorError, type Encoders, type SendPart } from '@huiliu/connector-kit';
import type { definition } from './definition';

type MediumType = 'image' | 'voice' | 'video' | 'file';

/** What `kf/send_msg` is to be given beside the customer and the id. A medium is uploaded first, a link's picture as well. */
export type WecomRequest =
  | { readonly body: Readonly<Record<string, unknown>> & { readonly msgtype: string } }
  | { readonly medium: { readonly type: MediumType; readonly attachment: Attachment } }
  | { readonly link: { readonly title: string; readonly desc: string; readonly url: string } };

const MOST_OF_HEAD = 1024;

/** No control characters, no half characters. */
const plain = (text: string, most?: number): string => {
  const safe = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').toWellFormed();
  return most === undefined ? safe : bytesOf(safe, most);
};

/** As much as fits into so many bytes of UTF-8, whole characters. */
function bytesOf(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let kept = '';
  let size = 0;
  for (const one of text) {
    size += Buffer.byteLength(one);
    if (size > most) break;
    kept += one;
  }
  return kept;
}

function medium(
  part: SendPart<'image'> | SendPart<'audio'> | SendPart<'video'> | SendPart<'file'>,
  type: MediumType,
): WecomRequest {
  const { attachment, text: caption } = part.content;
  if (attachment === undefined) throw new ConnectorError('rejected', 'no_attachment', '没有可发送的文件');
  // A medium has no words beside it; leaving them out silently would lose them.
  if (caption !== '')
    throw new ConnectorError('unsupported', 'caption', '这里的图片、音视频和文件不能附带文字，请另发一条');
  if (attachment.size <= 5) throw new ConnectorError('unsupported', '40006', '文件必须大于 5 个字节');
  return { medium: { type, attachment } };
}

/** Canonical content as the platform wants it. Limits of titles: the platform's page on `send_msg`. */
export const encoders: Encoders<typeof definition, WecomRequest> = {
  text: (part) => ({ body: { msgtype: 'text', text: { content: plain(part.content.text) } } }),
  image: (part) => medium(part, 'image'),
  audio: (part) => medium(part, 'voice'),
  video: (part) => medium(part, 'video'),
  file: (part) => medium(part, 'file'),
  location: (part) => {
    const { latitude, longitude, name = '', address = '', text } = part.content;
    const location = { name: plain(name || text), address: plain(address), latitude, longitude };
    return { body: { msgtype: 'location', location } };
  },
  link: (part) => {
    const { title, description, url } = part.content;
    const short = plain(title, 128);
    // What the title has no room for stands below it.
    const desc = short === plain(title) ? description : `${title}\n${description}`;
    return { link: { title: short, desc: plain(desc, 512), url } };
  },
  menu: (part) => {
    const head_content = plain(part.content.text);
    if (Buffer.byteLength(head_content) > MOST_OF_HEAD)
      return { body: { msgtype: 'text', text: { content: plain(asText(part.content) ?? '') } } };
    const list = part.content.items.map(({ id, text, url }) =>
      url === undefined
        ? { type: 'click', click: { id, content: plain(text) } }
        : { type: 'view', view: { url, content: plain(text) } },
    );
    const msgmenu = { head_content, list, tail_content: '' };
    return { body: { msgtype: 'msgmenu', msgmenu } };
  },
};
