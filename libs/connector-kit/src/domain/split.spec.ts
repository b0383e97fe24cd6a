import fc from 'fast-check';
import { splitText } from './split';

const text = fc
  .array(fc.constantFrom('你好，', '世界。', 'hello ', '\n\n', '👨‍👩‍👧‍👦', '🇨🇳', 'é', 'e\u0301', 'x', '𠮷', '. ', ' ', '!'), {
    maxLength: 200,
  })
  .map((parts) => parts.join(''));

describe('splitText', () => {
  it('keeps every piece within the limits and loses nothing but white space at the cuts', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 12, max: 60 }),
        fc.integer({ min: 30, max: 200 }),
        (input, maxChars, maxBytes) => {
          const pieces = splitText(input, { maxChars, maxBytes });
          for (const piece of pieces) {
            if (pieces.length > 1) expect(piece.length).toBeLessThanOrEqual(maxChars);
            if (pieces.length > 1) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(maxBytes);
            expect(piece.isWellFormed()).toBe(true);
          }
          expect(pieces.join('').replace(/\s/gu, '')).toBe(input.replace(/\s/gu, ''));
        },
      ),
    );
  });

  it('never cuts a grapheme that fits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('👨‍👩‍👧‍👦', '🇨🇳', 'e\u0301', '你'), { minLength: 1, maxLength: 60 }),
        (letters) => {
          const whole = new Set<string>(letters);
          const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
          for (const piece of splitText(letters.join('|'), { maxChars: 30 }))
            for (const { segment } of segmenter.segment(piece))
              expect(segment === '|' || whole.has(segment)).toBe(true);
        },
      ),
    );
  });

  it('ends also where one grapheme alone is over the limit', () => {
    const pile = `a${'\u0301'.repeat(500)}`;
    const pieces = splitText(pile, { maxBytes: 20 });
    expect(pieces.join('')).toBe(pile);
    expect(Math.max(...pieces.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(20);
    expect(splitText('😀😀', { maxBytes: 1 }).join('')).toBe('😀😀');
  });

  it('prefers paragraphs, then sentences, then words', () => {
    expect(splitText('第一段在这里。\n\n第二段在这里。', { maxChars: 12 })).toEqual([
      '第一段在这里。',
      '第二段在这里。',
    ]);
    expect(splitText('One two three. Four five six.', { maxChars: 20 })).toEqual(['One two three.', 'Four five six.']);
    expect(splitText('aaaa bbbb cccc', { maxChars: 11 })).toEqual(['aaaa bbbb', 'cccc']);
    expect(splitText('short', { maxChars: 10 })).toEqual(['short']);
  });
});
