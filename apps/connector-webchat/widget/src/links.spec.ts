import { splitLinks } from './links';

test.each([
  ['没有链接', [{ text: '没有链接' }]],
  [
    '请看https://example.com/a?b=1，谢谢',
    [{ text: '请看' }, { text: 'https://example.com/a?b=1', href: 'https://example.com/a?b=1' }, { text: '，谢谢' }],
  ],
  ['https://a.cn.', [{ text: 'https://a.cn', href: 'https://a.cn' }, { text: '.' }]],
  ['javascript:alert(1)', [{ text: 'javascript:alert(1)' }]],
  ['', [{ text: '' }]],
])('%s', (text, parts) => expect(splitLinks(text)).toEqual(parts));
