import { asText, partKey, planSend } from './plan';

const outbound = {
  text: { support: 'full', maxChars: 10 },
  image: { support: 'partial', maxBytes: 100, mime: ['image/png', 'image/jpeg'] },
  link: { support: 'fallback' },
  location: { support: 'fallback' },
  sticker: { support: 'drop' },
  video: { support: 'reject' },
} as const;
const picture = (mime: string, size: number) => ({ id: '0'.repeat(26), name: 'a.png', mime, size, url: '/a' });

describe('planSend', () => {
  it('splits text', () => {
    expect(planSend(outbound, { kind: 'text', text: 'hello world again' })).toEqual({
      do: 'send',
      parts: [
        { kind: 'text', text: 'hello' },
        { kind: 'text', text: 'world' },
        { kind: 'text', text: 'again' },
      ],
    });
  });

  it('sends what it cannot show as text and link', () => {
    const plan = planSend(
      { ...outbound, text: { support: 'full' } },
      { kind: 'link', text: '', title: 'Shoes', description: 'red', url: 'https://shop.example/1' },
    );
    expect(plan).toEqual({ do: 'send', parts: [{ kind: 'text', text: 'Shoes\nred\nhttps://shop.example/1' }] });
    expect(asText({ kind: 'location', text: '', latitude: 1.5, longitude: 2, name: 'Here' })).toMatch(
      /^Here\nhttps:.*mlat=1.5&mlon=2/,
    );
    expect(asText({ kind: 'image', text: '' })).toBeNull();
  });

  it('refuses with the reason, or leaves out', () => {
    expect(planSend(outbound, { kind: 'video', text: '' })).toMatchObject({
      do: 'refuse',
      error: { kind: 'unsupported', code: 'kind_not_supported' },
    });
    expect(planSend(outbound, { kind: 'file', text: '' })).toMatchObject({ do: 'refuse' });
    expect(planSend(outbound, { kind: 'sticker', text: '' })).toEqual({ do: 'drop' });
    expect(planSend(outbound, { kind: 'image', text: '', attachment: picture('image/png', 101) })).toMatchObject({
      error: { code: 'too_large' },
    });
    expect(planSend(outbound, { kind: 'image', text: '', attachment: picture('image/svg+xml', 5) })).toMatchObject({
      error: { code: 'type_not_supported' },
    });
    expect(planSend(outbound, { kind: 'image', text: '', attachment: picture('image/png', 100) })).toMatchObject({
      do: 'send',
    });
    expect(
      planSend(
        { link: { support: 'fallback' } },
        { kind: 'link', text: '', title: 'x', description: '', url: 'https://a' },
      ),
    ).toMatchObject({ error: { code: 'no_fallback' } });
  });

  it('names parts', () => {
    expect([partKey('M', 1, 1), partKey('M', 2, 3)]).toEqual(['M', 'M.2']);
  });
});
