import { MAX_TEXT } from '@huiliu/contracts';
import type { XmlNode } from '@huiliu/wire';

export { cleanText as clean } from '@huiliu/contracts';

/** A push in either form, every value a text. */
export interface PushFields {
  readonly type: string;
  readonly sender: string;
  readonly receiver: string;
  /** Seconds since 1970 as digits, or what the platform wrote where that is no time. */
  readonly createdAt: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
  readonly format: 'json' | 'xml';
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' && Number.isFinite(value) ? String(value) : '';

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

function flat(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asObject(value))
      .slice(0, 50)
      .map(([name, one]) => [name.slice(0, 64), textOf(one).slice(0, MAX_TEXT)]),
  );
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The platform's "Mon Jul 16 18:09:20 +0800 2012" in seconds since 1970; null for anything else. */
export function secondsOf(written: string): number | null {
  const found = /^\w{3} (\w{3}) (\d{2}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2}) (\d{4})$/.exec(written);
  if (found === null) return null;
  const [, month = '', day, hours, minutes, seconds, sign, zoneHours, zoneMinutes, year] = found;
  const at = Date.UTC(
    Number(year),
    MONTHS.indexOf(month),
    Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds),
  );
  if (!MONTHS.includes(month) || !(Math.abs(at) < 1e14)) return null;
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return Math.floor((at - zone) / 1000);
}

const digitsOf = (written: string): string => {
  const seconds = secondsOf(written);
  return seconds === null ? written.slice(0, 64) : String(seconds);
};

/** The platform's own form. */
export function ofJson(body: unknown): PushFields {
  const fields = asObject(body);
  return {
    type: textOf(fields.type),
    sender: textOf(fields.sender_id),
    receiver: textOf(fields.receiver_id),
    createdAt: digitsOf(textOf(fields.created_at)),
    text: textOf(fields.text),
    data: flat(fields.data),
    format: 'json',
  };
}

/** The form that is like WeChat's. Source: open.weibo.com, 微信XML格式兼容: `MediaId` is `tovfid`; `MsgId` is empty. */
export function ofXml(node: XmlNode): PushFields {
  const field = (name: string): string => textOf(node[name]);
  const type = field('MsgType');
  const given: Record<string, string> = {
    tovfid: field('MediaId'),
    latitude: field('Location_X'),
    longitude: field('Location_Y'),
    subtype: field('Event'),
    key: field('EventKey'),
    ticket: field('Ticket'),
  };
  return {
    type: type === 'location' ? 'position' : type,
    sender: field('FromUserName'),
    receiver: field('ToUserName'),
    createdAt: field('CreateTime').slice(0, 64),
    text: field('Content') || field('Label'),
    data: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
    format: 'xml',
  };
}
