import { randomBytes } from 'node:crypto';
import type { Said } from '../control-shapes';

export type ItemFields = Readonly<Record<string, unknown>>;

/** What a customer's message is in the list, but for the common fields. `mediaId`: of the file that came with it. */
export function messageFields(said: Said, mediaId: string | null): ItemFields {
  const medium = { media_id: mediaId ?? '' };
  switch (said.kind) {
    case 'text':
      return { msgtype: 'text', text: { content: said.text ?? '' } };
    case 'image':
    case 'voice':
    case 'video':
    case 'file':
      return { msgtype: said.kind, [said.kind]: medium };
    case 'shortvideo':
      return { msgtype: 'video', video: medium };
    case 'location': {
      const { latitude = 0, longitude = 0, label = '' } = said;
      return { msgtype: 'location', location: { latitude, longitude, name: label, address: '' } };
    }
    case 'link':
      return {
        msgtype: 'link',
        link: { title: said.title ?? '', desc: said.description ?? '', url: said.url ?? '', pic_url: '' },
      };
    case 'miniprogram':
      return {
        msgtype: 'miniprogram',
        miniprogram: {
          title: said.title ?? '',
          appid: 'wxminiprogram00001',
          pagepath: said.url ?? 'pages/index',
          thumb_media_id: 'THUMB',
        },
      };
    default:
      return {};
  }
}

export const SERVICER = 'zhangsan';

/** A session that a servicer of the WeCom client takes, ends …: `session_status_change`. */
export const sessionChange = (change_type: number, servicer: string): ItemFields => ({
  event_type: 'session_status_change',
  change_type,
  ...(change_type === 3 ? { old_servicer_userid: servicer } : { new_servicer_userid: servicer }),
  msg_code: randomBytes(16).toString('base64url'),
});
