import type { Attachment, Content } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { errorOf, failureOf } from './errors';
import { msgIdOf } from './ids';
import { fileName } from './media';
import { wecomKfConnector } from './runtime';

const attachment: Attachment = { id: newId(), name: 'a.png', mime: 'image/png', size: 100, url: '/x' };

function encode(content: Content): unknown {
  const part = {
    conversationId: newId(),
    remoteConversationId: 'wmA',
    remoteContactId: 'wmA',
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
  return wecomKfConnector.encode(part, { id: newId(), channel: 'wecom-kf', name: 'x', revision: 1, config: {} });
}

describe('what is sent', () => {
  it('is what the platform takes, by kind', () => {
    expect(encode({ kind: 'text', text: '你好\u0001 \n!' })).toEqual({
      body: { msgtype: 'text', text: { content: '你好 \n!' } },
    });
    for (const [kind, type] of [
      ['image', 'image'],
      ['audio', 'voice'],
      ['video', 'video'],
      ['file', 'file'],
    ] as const)
      expect(encode({ kind, text: '', attachment })).toEqual({ medium: { type, attachment } });
    expect(encode({ kind: 'location', text: '', latitude: 1, longitude: 2, name: '门店', address: '人民路' })).toEqual({
      body: { msgtype: 'location', location: { name: '门店', address: '人民路', latitude: 1, longitude: 2 } },
    });
    expect(encode({ kind: 'link', text: '', title: 'T', description: 'D', url: 'https://a.example/' })).toEqual({
      link: { title: 'T', desc: 'D', url: 'https://a.example/' },
    });
    const items = [
      { id: '1', text: '订单' },
      { id: '2', text: '帮助', url: 'https://a.example/' },
    ];
    expect(encode({ kind: 'menu', text: '选择', items })).toEqual({
      body: {
        msgtype: 'msgmenu',
        msgmenu: {
          head_content: '选择',
          list: [
            { type: 'click', click: { id: '1', content: '订单' } },
            { type: 'view', view: { url: 'https://a.example/', content: '帮助' } },
          ],
          tail_content: '',
        },
      },
    });
  });

  it('what is too long for its place is said below it, or as text', () => {
    const title = '长'.repeat(50);
    expect(encode({ kind: 'link', text: '', title, description: 'D', url: 'https://a.example/' })).toMatchObject({
      link: { title: '长'.repeat(42), desc: `${title}\nD` },
    });
    expect(encode({ kind: 'menu', text: title.repeat(10), items: [{ id: '1', text: '订单' }] })).toEqual({
      body: { msgtype: 'text', text: { content: `${title.repeat(10)}\n1. 订单` } },
    });
  });

  it('words beside a medium, and a file of five bytes, are refused, not lost', () => {
    const unsupported = expect.objectContaining({ kind: 'unsupported' });
    expect(() => encode({ kind: 'image', text: 'caption', attachment })).toThrow(unsupported);
    expect(() => encode({ kind: 'file', text: '', attachment: { ...attachment, size: 5 } })).toThrow(unsupported);
  });

  it('goes under an id that the platform takes, the same whenever the same is sent', () => {
    const id = newId();
    expect(msgIdOf(id, null)).toBe(id);
    const ids = [msgIdOf(id, null), msgIdOf(`${id}.1`, null), msgIdOf(`${id}.12`, null), msgIdOf(`${id}.12`, 3)];
    const long = [msgIdOf(`${id}.1234567`, null), msgIdOf(`${id}.1234567`, 2), msgIdOf(`${id}.1234568`, null)];
    expect(new Set([...ids, ...long]).size).toBe(7);
    for (const one of [...ids, ...long]) expect(one).toMatch(/^[0-9a-zA-Z_-]{1,32}$/);
    expect(msgIdOf(`${id}.1234567`, 2)).toBe(long[1]);
  });
});

describe('the platform’s errors', () => {
  it.each([
    ['-1', 'transient'],
    ['45009', 'rate_limited'],
    ['45033', 'rate_limited'],
    ['40014', 'auth'],
    ['42001', 'auth'],
    ['95001', 'window_closed'],
    ['95018', 'rejected'],
    ['95014', 'rejected'],
    ['40001', 'rejected'],
    ['48002', 'rejected'],
    ['60020', 'rejected'],
    ['84061', 'rejected'],
    ['99999', 'rejected'],
  ])('%s is %s', (code, kind) => {
    expect(errorOf(code, 'words')).toMatchObject({ kind, code });
  });

  it.each([
    ['0', 'rejected'],
    ['1', 'rejected'],
    ['2', 'rejected'],
    ['4', 'window_closed'],
    ['5', 'window_closed'],
    ['6', 'window_closed'],
    ['7', 'rejected'],
    ['8', 'rejected'],
    ['9', 'rejected'],
    ['10', 'rejected'],
    ['77', 'rejected'],
  ])('what failed for %s is %s', (failType, kind) => {
    expect(failureOf(failType)).toMatchObject({ kind, code: `fail_type_${failType}` });
  });
});

describe('a customer’s file', () => {
  const ref = { mediaId: 'm', name: 'MSG' };
  it.each([
    [undefined, 'image/png', 'MSG.png'],
    ['attachment; filename="a.pdf"', 'application/pdf', 'a.pdf'],
    [`attachment; filename="x"; filename*=UTF-8''${encodeURIComponent('合同.pdf')}`, 'x/y', '合同.pdf'],
    [`attachment; filename="${Buffer.from('合同.pdf').toString('latin1')}"`, 'x/y', '合同.pdf'],
    ['attachment; filename="../../etc/passwd"', 'x/y', 'passwd'],
    ['attachment; filename=""', 'audio/amr', 'MSG.amr'],
  ])('of %s and %s is called %s', (disposition, mime, name) => {
    expect(fileName(ref, mime, disposition)).toBe(name);
  });
});
