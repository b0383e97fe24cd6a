import { asText, ConnectorError, type Encoders, type SendPart } from '@huiliu/connector-kit';
import type { Attachment } from '@huiliu/contracts';
import type { definition } from './definition';

/** One call of `message/custom/send`. A medium is uploaded first and its id put into the body. */
export type WechatRequest =
  | { readonly touser: string; readonly body: Readonly<Record<string, unknown>> & { readonly msgtype: string } }
  | {
      readonly touser: string;
      readonly medium: { readonly type: 'image' | 'voice' | 'video'; readonly attachment: Attachment };
    };

type Account = Parameters<Encoders<typeof definition, WechatRequest>['text']>[1];

const isMiniProgram = (account: Account): boolean => account.config.service === 'mini-program';

/** Control characters would be written as \uXXXX, which the platform refuses (40033). */
const plain = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').toWellFormed();

function text(touser: string, content: string): WechatRequest {
  return { touser, body: { msgtype: 'text', text: { content: plain(content) } } };
}

function medium(
  part: SendPart<'image'> | SendPart<'audio'> | SendPart<'video'>,
  type: 'image' | 'voice' | 'video',
): WechatRequest {
  const { attachment, text: caption } = part.content;
  if (attachment === undefined) throw new ConnectorError('rejected', 'no_attachment', '没有可发送的文件');
  // A medium has no words beside it; leaving them out silently would lose them.
  if (caption !== '') throw new ConnectorError('unsupported', 'caption', '这里的图片和音视频不能附带文字，请另发一条');
  return { touser: part.remoteContactId, medium: { type, attachment } };
}

function refuseMiniProgram(account: Account, what: string): void {
  if (isMiniProgram(account)) throw new ConnectorError('unsupported', '40008', `小程序客服不能发送${what}`);
}

/** Canonical content as the platform wants it. Mini programs take text, pictures, links and nothing else of ours. */
export const encoders: Encoders<typeof definition, WechatRequest> = {
  text: (part) => text(part.remoteContactId, part.content.text),
  image: (part) => medium(part, 'image'),
  audio: (part, account) => {
    refuseMiniProgram(account, '语音');
    return medium(part, 'voice');
  },
  video: (part, account) => {
    refuseMiniProgram(account, '视频');
    return medium(part, 'video');
  },
  link: (part, account) => {
    const { title, description, url, imageUrl = '' } = part.content;
    const said = { title: plain(title), description: plain(description), url };
    return isMiniProgram(account)
      ? { touser: part.remoteContactId, body: { msgtype: 'link', link: { ...said, thumb_url: imageUrl } } }
      : {
          touser: part.remoteContactId,
          body: { msgtype: 'news', news: { articles: [{ ...said, picurl: imageUrl }] } },
        };
  },
  menu: (part, account) => {
    if (isMiniProgram(account)) return text(part.remoteContactId, asText(part.content) ?? '');
    const list = part.content.items.map(({ id, text: words, url }) => ({
      id,
      content: plain(url === undefined ? words : `${words} ${url}`),
    }));
    const msgmenu = { head_content: plain(part.content.text), list, tail_content: '' };
    return { touser: part.remoteContactId, body: { msgtype: 'msgmenu', msgmenu } };
  },
};
