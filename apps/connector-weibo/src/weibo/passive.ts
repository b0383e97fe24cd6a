import type { WebhookResponse } from '@huiliu/connector-kit';
import { writeXml } from '@huiliu/wire';
import type { PushFields } from './fields';

/** An empty answer: taken, and nothing is said. Source: open.weibo.com, 消息推送服务: it ends the retries. */
export const TAKEN: WebhookResponse = { contentType: 'text/plain; charset=utf-8', body: '' };

/** A text in the answer to a push, in the form of the push; sender and receiver change places. */
export function passiveText(push: PushFields, text: string, now: Date): WebhookResponse {
  if (push.format === 'xml') {
    const body = writeXml({
      ToUserName: push.sender,
      FromUserName: push.receiver,
      CreateTime: Math.floor(now.getTime() / 1000),
      MsgType: 'text',
      Content: text,
    });
    return { contentType: 'text/xml; charset=utf-8', body };
  }
  const body = JSON.stringify({
    result: true,
    receiver_id: push.sender,
    sender_id: push.receiver,
    type: 'text',
    data: encodeURIComponent(JSON.stringify({ text })),
  });
  return { contentType: 'application/json; charset=utf-8', body };
}
