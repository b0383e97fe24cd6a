import { en } from './en';
import { zh } from './zh';

function textsOf(tree: object, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[`${prefix}${key}`, value] as [string, string]]
      : textsOf(value as object, `${prefix}${key}.`),
  );
}
const slots = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();

describe('the texts of the page', () => {
  const english = new Map(textsOf(en));

  it('exist in both languages with the same slots', () => {
    for (const [key, text] of textsOf(zh))
      expect([key, slots(english.get(key) ?? 'missing')]).toEqual([key, slots(text)]);
    expect(english.size).toBe(textsOf(zh).length);
  });

  it('are not left in Chinese in English, badges apart', () => {
    const chinese = [...english].filter(
      ([key, text]) => /\p{Script=Han}/u.test(text) && !key.startsWith('channel.badge.'),
    );
    expect(chinese).toEqual([]);
  });
});
