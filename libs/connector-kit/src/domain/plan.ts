import type { ChannelDefinition, Content, ContentKind, SendError } from '@huiliu/contracts';
import { splitText } from './split';

/** What is to be done with one message on one channel. */
export type SendPlan =
  | { readonly do: 'send'; readonly parts: readonly Content[] }
  /** The channel leaves this kind out silently. */
  | { readonly do: 'drop' }
  | { readonly do: 'refuse'; readonly error: SendError };

type Capabilities = Readonly<
  Partial<
    Record<ContentKind, Readonly<{ support: string; maxBytes?: number; maxChars?: number; mime?: readonly string[] }>>
  >
>;

const refuse = (code: string, message: string): SendPlan => ({
  do: 'refuse',
  error: { kind: 'unsupported', code, message },
});

function attachmentOf(content: Content): { mime: string; size: number; name: string } | undefined {
  return 'attachment' in content ? content.attachment : undefined;
}

const mimeMatches = (mime: string, allowed: readonly string[]): boolean =>
  allowed.some((pattern) => (pattern.endsWith('/*') ? mime.startsWith(pattern.slice(0, -1)) : mime === pattern));

/** A content in words and a link, for channels that cannot show it. Null where nothing of it can be said so. */
export function asText(content: Content): string | null {
  const lines: (string | undefined)[] = [];
  switch (content.kind) {
    case 'link':
      lines.push(content.title, content.description, content.url);
      break;
    case 'card':
      lines.push(
        content.title,
        content.description,
        ...Object.entries(content.fields).map(([name, value]) => `${name}: ${value}`),
        content.url,
      );
      break;
    case 'location':
      lines.push(
        content.name,
        content.address,
        `https://www.openstreetmap.org/?mlat=${content.latitude}&mlon=${content.longitude}#map=17/${content.latitude}/${content.longitude}`,
      );
      break;
    case 'menu':
      lines.push(
        content.text,
        ...content.items.map((item, n) => `${n + 1}. ${item.text}${item.url === undefined ? '' : ` ${item.url}`}`),
      );
      break;
    case 'email':
      lines.push(content.subject, content.text);
      break;
    case 'contact':
      lines.push(content.name);
      break;
    case 'sticker':
      lines.push(content.text === '' ? content.imageUrl : content.text);
      break;
    default:
      lines.push(content.text);
  }
  const text = lines.filter((line): line is string => line !== undefined && line.trim() !== '').join('\n');
  return text === '' ? null : text;
}

/** Decides, before a connector is called, what of a message its channel can carry and in how many pieces. */
export function planSend(outbound: Capabilities | ChannelDefinition['outbound'], content: Content): SendPlan {
  const can = (outbound as Capabilities)[content.kind];
  if (can === undefined || can.support === 'reject')
    return refuse('kind_not_supported', `this channel does not take ${content.kind}`);
  if (can.support === 'drop') return { do: 'drop' };
  if (can.support === 'fallback') {
    const text = asText(content);
    const textCan = (outbound as Capabilities).text;
    if (text === null || textCan === undefined || !['full', 'partial'].includes(textCan.support))
      return refuse('no_fallback', `this channel does not take ${content.kind}`);
    return planSend(outbound, { kind: 'text', text });
  }
  if (content.kind === 'text')
    return { do: 'send', parts: splitText(content.text, can).map((text) => ({ kind: 'text', text })) };
  const file = attachmentOf(content);
  if (file !== undefined && can.maxBytes !== undefined && file.size > can.maxBytes)
    return refuse('too_large', `${file.name}: at most ${can.maxBytes} bytes on this channel`);
  if (file !== undefined && can.mime !== undefined && !mimeMatches(file.mime, can.mime))
    return refuse('type_not_supported', `${file.name}: ${file.mime} is not taken on this channel`);
  if (can.maxChars !== undefined && content.text.length > can.maxChars)
    return refuse('too_long', `the text may have at most ${can.maxChars} characters on this channel`);
  return { do: 'send', parts: [content] };
}

/** The idempotency key of one piece. */
export function partKey(messageId: string, part: number, parts: number): string {
  return parts === 1 ? messageId : `${messageId}.${part}`;
}
