import { badRequest } from '@huiliu/platform';
import type { Happened, Said } from '../control-shapes';
import type { PushFields } from './pushes';
import { WINDOWS, type WindowKind } from './windows';

/** What a customer's message is on the wire, but for the common fields. `mediaId`: of the file that came with it. */
export function messageFields(
  said: Said,
  mediaId: string | null,
  mediaUrl: string | null,
  thumbId: string,
): PushFields {
  const medium: Record<string, string> = mediaId === null ? {} : { MediaId: mediaId };
  switch (said.kind) {
    case 'text':
      return { MsgType: 'text', Content: said.text ?? '', ...said.raw };
    case 'image':
      return { MsgType: 'image', PicUrl: mediaUrl ?? '', ...medium, ...said.raw };
    case 'voice':
      return {
        MsgType: 'voice',
        ...medium,
        Format: 'amr',
        ...(said.recognition === undefined ? {} : { Recognition: said.recognition }),
        ...said.raw,
      };
    case 'video':
    case 'shortvideo':
      return { MsgType: said.kind, ...medium, ThumbMediaId: thumbId, ...said.raw };
    case 'location':
      return {
        MsgType: 'location',
        Location_X: String(said.latitude ?? 0),
        Location_Y: String(said.longitude ?? 0),
        Scale: 15,
        Label: said.label ?? '',
        ...said.raw,
      };
    case 'link':
      return {
        MsgType: 'link',
        Title: said.title ?? '',
        Description: said.description ?? '',
        Url: said.url ?? '',
        ...said.raw,
      };
    case 'miniprogram':
      return {
        MsgType: 'miniprogrampage',
        Title: said.title ?? '',
        AppId: 'wxminiprogram00001',
        PagePath: said.url ?? 'pages/index',
        ThumbUrl: mediaUrl ?? '',
        ThumbMediaId: thumbId,
        ...said.raw,
      };
    case 'file':
      return { MsgType: 'file', ...medium, ...said.raw };
    case 'raw':
      return { ...said.raw };
    default:
      throw badRequest('invalid', `nobody can send ${said.kind} on WeChat`);
  }
}

interface Act {
  readonly fields: (key: string | undefined) => PushFields;
  readonly opens?: WindowKind;
  /** What it makes of the customer's following. */
  readonly follows?: boolean;
}

const event = (Event: string, more: (key: string) => PushFields = (EventKey) => ({ EventKey })): Act['fields'] => {
  return (key = '') => ({ MsgType: 'event', Event, ...more(key) });
};

/** What can happen by name; anything else is pushed under its own name, as events are that nobody has heard of. */
const ACTS: Readonly<Record<string, Act>> = {
  follow: {
    fields: event('subscribe', (key): PushFields =>
      key === '' ? { EventKey: '' } : { EventKey: `qrscene_${key}`, Ticket: 'TICKET' },
    ),
    opens: WINDOWS.follow,
    follows: true,
  },
  unfollow: { fields: event('unsubscribe'), follows: false },
  scan: { fields: event('SCAN', (EventKey) => ({ EventKey, Ticket: 'TICKET' })), opens: WINDOWS.scan },
  menu_click: { fields: event('CLICK'), opens: WINDOWS.menu },
  menu_view: { fields: event('VIEW') },
  location: {
    fields: event('LOCATION', () => ({ Latitude: '31.2304', Longitude: '121.4737', Precision: '65.000000' })),
  },
  enter_session: { fields: event('user_enter_tempsession', (key) => ({ SessionFrom: key })), opens: WINDOWS.enter },
  session_created: { fields: event('kf_create_session', (KfAccount) => ({ KfAccount })) },
  session_closed: { fields: event('kf_close_session', (KfAccount) => ({ KfAccount })) },
  template_result: { fields: event('TEMPLATESENDJOBFINISH', (Status) => ({ MsgID: 200_228_332, Status })) },
};

export function actOf(happened: Happened): { fields: PushFields; opens: WindowKind | null; follows: boolean | null } {
  const known = Object.hasOwn(ACTS, happened.event) ? ACTS[happened.event] : undefined;
  const act: Act = known ?? { fields: event(happened.event) };
  return {
    fields: { ...act.fields(happened.key), ...happened.raw },
    opens: act.opens ?? null,
    follows: act.follows ?? null,
  };
}
