import { outboundOf } from './definition';

it('what a conversation carries is its channel’s, but for what its kind says otherwise', () => {
  const definition = {
    outbound: { text: { support: 'full' as const, maxChars: 299 }, link: { support: 'full' as const } },
    kinds: [
      {
        prefix: 'comment:',
        name: { zh: '评论', en: 'Comment' },
        outbound: { text: { support: 'full' as const, maxChars: 140 } },
      },
    ],
  };
  expect(outboundOf(definition, '123')).toBe(definition.outbound);
  expect(outboundOf(definition, 'comment:1:123')).toEqual({
    text: { support: 'full', maxChars: 140 },
    link: { support: 'full' },
  });
  expect(outboundOf({ outbound: definition.outbound }, 'comment:1:123')).toBe(definition.outbound);
});
