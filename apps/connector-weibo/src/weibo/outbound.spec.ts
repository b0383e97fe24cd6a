import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Content } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { errorOf, errorOfStatus } from './errors';
import { weiboConnector } from './runtime';

function encode(content: Content, remoteConversationId = '7', inReplyTo: string | null = null): unknown {
  const part = {
    conversationId: newId(),
    remoteConversationId,
    remoteContactId: '7',
    inReplyTo,
    messageId: newId(),
    content,
    authorType: 'agent' as const,
    authorName: 'Lin',
    part: 1,
    parts: 1,
    key: 'k',
    attempt: 1,
  };
  return weiboConnector.encode(part, { id: newId(), channel: 'weibo', name: 'x', revision: 1, config: {} });
}
const text: Content = { kind: 'text', text: '你好' };
const link: Content = { kind: 'link', text: '', title: 'T', description: 'D', url: 'https://a.example/' };
const place: Content = { kind: 'location', text: '', latitude: 31.2, longitude: 121.4, name: '门店' };

describe('what is sent', () => {
  it('privately, as the fans service takes it', () => {
    expect(encode(text)).toEqual({ to: 'private', receiver: '7', type: 'text', data: { text: '你好' } });
    expect(encode(place)).toEqual({
      to: 'private',
      receiver: '7',
      type: 'position',
      data: { longitude: '121.4', latitude: '31.2' },
    });
    expect(encode(link)).toEqual({
      to: 'private',
      receiver: '7',
      type: 'articles',
      data: { articles: [{ display_name: 'T', summary: 'D', image: '', url: 'https://a.example/' }] },
    });
  });

  it('publicly, under what the person said last', () => {
    const comment = { to: 'comment', status: '11', comment: '9223372036854775807' };
    expect(encode(text, 'comment:11:7', 'comment:9223372036854775807')).toEqual({ ...comment, text: '你好' });
    expect(encode(text, 'mention:11:7', 'status:11')).toEqual({ to: 'status', status: '11', text: '你好' });
    expect(() => encode(text, 'comment:11:7')).toThrow(expect.objectContaining({ kind: 'rejected' }));
    expect(() => encode(text, 'comment:0:7', 'comment:1')).toThrow(expect.objectContaining({ kind: 'rejected' }));
  });

  it('no conversation of its own kind is said to carry more than comments do', () => {
    const { kinds } = weiboConnector.describe('connector-weibo');
    expect(kinds?.map(({ prefix, outbound }) => [prefix, outbound.text?.maxChars, outbound.link?.support])).toEqual([
      ['comment:', 140, 'fallback'],
      ['mention:', 140, 'fallback'],
    ]);
  });
});

describe('the platform’s errors', () => {
  const codes = JSON.parse(readFileSync(join(__dirname, 'testdata/errors.json'), 'utf8')) as [string, string][];

  it.each(codes)('%s is %s', (code, kind) => {
    expect(errorOf(code, 'words')).toMatchObject({ kind, code });
  });

  it('of a token say in both languages what to do', () => {
    expect(errorOf('21327', 'expired_token').message).toMatch(
      /请.*重新取得 Access Token.*get a new access token.*21327/,
    );
  });

  it('a gateway’s answers are tried again, its refusals are not', () => {
    expect([502, 429, 403].map((status) => errorOfStatus(status).kind)).toEqual(['transient', 'transient', 'rejected']);
  });
});
