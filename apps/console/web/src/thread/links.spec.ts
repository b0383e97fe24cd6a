import fc from 'fast-check';
import { safeHref, splitLinks } from './links';

const hrefs = (text: string) => splitLinks(text).flatMap((part) => (part.href === undefined ? [] : [part.href]));

describe('splitLinks', () => {
  it('finds addresses between Chinese text and leaves punctuation out', () => {
    expect(splitLinks('看这里https://example.com/a?b=1。谢谢')).toEqual([
      { text: '看这里' },
      { text: 'https://example.com/a?b=1', href: 'https://example.com/a?b=1' },
      { text: '。谢谢' },
    ]);
    expect(hrefs('(see https://example.com/x).')).toEqual(['https://example.com/x']);
    expect(hrefs('https://en.wikipedia.org/wiki/A_(b)')).toEqual(['https://en.wikipedia.org/wiki/A_(b)']);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'https://',
    'http://bank.example@evil.example/',
    '//evil.example',
  ])('makes no link of %s', (text) => {
    expect(hrefs(text)).toEqual([]);
  });

  it('loses no character, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('，', ')', 'https://')), { maxLength: 8 }),
        (pieces) => {
          const text = pieces.join('');
          expect(
            splitLinks(text)
              .map((part) => part.text)
              .join(''),
          ).toBe(text);
        },
      ),
    );
  });

  it('takes only web addresses as targets', () => {
    expect(safeHref('https://example.com')).toBe('https://example.com/');
    expect(safeHref('javascript:alert(1)')).toBeNull();
    expect(safeHref('not an address')).toBeNull();
  });
});
