import type { Attachment, Content } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import type { WechatOfficialConfig } from './definition';
import { errorOf, errorOfStatus } from './errors';
import { wechatOfficialConnector } from './runtime';

const attachment: Attachment = { id: newId(), name: 'a.png', mime: 'image/png', size: 1, url: '/x' };

function encode(content: Content, service: WechatOfficialConfig['service'] = 'official'): unknown {
  const part = {
    conversationId: newId(),
    remoteConversationId: 'o1',
    remoteContactId: 'o1',
    inReplyTo: null,
    messageId: newId(),
    attempt: 1,
    content,
    authorType: 'agent' as const,
    authorName: 'Lin',
    part: 1,
    parts: 1,
    key: 'k',
  };
  return wechatOfficialConnector.encode(part, {
    id: newId(),
    channel: 'wechat-official',
    name: 'x',
    revision: 1,
    config: { service },
  });
}
const link: Content = { kind: 'link', text: '', title: 'T', description: 'D', url: 'https://a.example/' };
const menu: Content = {
  kind: 'menu',
  text: '选择',
  items: [
    { id: '1', text: '订单' },
    { id: '2', text: '帮助', url: 'https://a.example/' },
  ],
};

describe('what is sent', () => {
  it('is what the platform takes, by kind', () => {
    expect(encode({ kind: 'text', text: '你好\u0001 \n!' })).toEqual({
      touser: 'o1',
      body: { msgtype: 'text', text: { content: '你好 \n!' } },
    });
    expect(encode({ kind: 'image', text: '', attachment })).toEqual({
      touser: 'o1',
      medium: { type: 'image', attachment },
    });
    expect(encode({ kind: 'audio', text: '', attachment })).toMatchObject({ medium: { type: 'voice' } });
    expect(encode(link)).toEqual({
      touser: 'o1',
      body: {
        msgtype: 'news',
        news: { articles: [{ title: 'T', description: 'D', url: 'https://a.example/', picurl: '' }] },
      },
    });
    expect(encode(menu)).toMatchObject({
      body: {
        msgtype: 'msgmenu',
        msgmenu: {
          head_content: '选择',
          list: [
            { id: '1', content: '订单' },
            { id: '2', content: '帮助 https://a.example/' },
          ],
        },
      },
    });
  });

  it('is what mini programs take, where it is one', () => {
    expect(encode(link, 'mini-program')).toMatchObject({
      body: { msgtype: 'link', link: { title: 'T', thumb_url: '' } },
    });
    expect(encode(menu, 'mini-program')).toMatchObject({
      body: { msgtype: 'text', text: { content: '选择\n1. 订单\n2. 帮助 https://a.example/' } },
    });
    for (const kind of ['audio', 'video'] as const)
      expect(() => encode({ kind, text: '', attachment }, 'mini-program')).toThrow(
        expect.objectContaining({ kind: 'unsupported' }),
      );
  });

  it('words that no platform shows beside a medium are refused, not lost', () => {
    expect(() => encode({ kind: 'image', text: 'caption', attachment })).toThrow(
      expect.objectContaining({ kind: 'unsupported' }),
    );
  });
});

describe('the platform’s errors', () => {
  it.each([
    ['-1', 'transient'],
    ['45011', 'rate_limited'],
    ['45009', 'rate_limited'],
    ['40001', 'auth'],
    ['40014', 'auth'],
    ['42001', 'auth'],
    ['40164', 'auth'],
    ['45015', 'window_closed'],
    ['45047', 'window_closed'],
    ['40003', 'rejected'],
    ['40008', 'unsupported'],
    ['43004', 'rejected'],
    ['43019', 'rejected'],
    ['48002', 'rejected'],
    ['48004', 'rejected'],
    ['45002', 'rejected'],
    ['61451', 'rejected'],
    ['99999', 'rejected'],
  ])('%s is %s', (code, kind) => {
    expect(errorOf(code, 'words')).toMatchObject({ kind, code });
  });

  it('a gateway’s answers are tried again, its refusals are not', () => {
    expect([502, 429, 403].map((status) => errorOfStatus(status).kind)).toEqual(['transient', 'transient', 'rejected']);
  });
});
