import type { Push } from './platform';

/** The push with its signature parameters changed. */
function withSignature(push: Push, names: readonly string[], change: (value: string, name: string) => string[]): Push {
  const query = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(push.query))
    for (const one of names.includes(name) ? change(value, name) : [value]) query.append(name, one);
  return { ...push, query: query.toString() };
}

const flipLast = (text: string): string => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');

export const forged = (push: Push, names: readonly string[]): Push =>
  withSignature(push, names, (value) => [flipLast(value)]);
export const unsigned = (push: Push, names: readonly string[]): Push => withSignature(push, names, () => []);
export const doubled = (push: Push, names: readonly string[]): Push =>
  withSignature(push, names, (value) => [value, value]);

/** Half of the body under the whole signature. */
export const truncated = (push: Push): Push => ({ ...push, body: push.body.slice(0, push.body.length / 2) });

/** What a proxy that parses and writes anew would send. */
export function reSerialised(push: Push): Push {
  const body = push.body.startsWith('{')
    ? JSON.stringify(JSON.parse(push.body), null, 2)
    : push.body.replaceAll('><', '>\n<');
  return { ...push, body };
}
