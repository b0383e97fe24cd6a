import fc from 'fast-check';
import type { WirePush } from './push-line';

/** One change to a push as it goes over the wire. */
export type Mutation = (push: WirePush) => WirePush;

/** What parsers have stumbled over. */
const EVIL = [
  '',
  ' ',
  '\u0000',
  '\ufeff',
  '\ud800',
  '0',
  '-1',
  '1e400',
  '9007199254740993',
  '99999999999999999999999999',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '"',
  '\\',
  '__proto__',
  'constructor',
  '<![CDATA[',
  ']]>',
  '<!--',
  '<?xml version="1.0" encoding="GBK"?>',
  '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
  '&b;',
  '&#0;',
  '&#x110000;',
  '<xml>',
  '</xml>',
  '%',
  '%00',
  '%zz',
  '%c0%af',
  'a'.repeat(5_000),
  '<a>'.repeat(400),
  '['.repeat(2_000),
  '{"a":'.repeat(1_000),
  '😀'.repeat(100),
] as const;

const evil = fc.constantFrom(...EVIL);
const anything = fc.oneof(evil, fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 40 }));
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const ofBody =
  (change: (body: Buffer) => Buffer | string): Mutation =>
  (push) => ({ ...push, body: Buffer.from(change(push.body) as string) });

/** Bytes, wherever they stand. */
const bytes: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(([at, bit]) =>
    ofBody((body) => {
      const copy = Buffer.from(body);
      const index = Math.floor(at * copy.length);
      if (copy.length > 0) copy[index] = (copy[index] as number) ^ (1 << bit);
      return copy;
    }),
  ),
  place.map((at) => ofBody((body) => body.subarray(0, Math.floor(at * body.length)))),
  fc.tuple(place, place).map(([from, length]) =>
    ofBody((body) => {
      const start = Math.floor(from * body.length);
      return Buffer.concat([body.subarray(0, start), body.subarray(start + 1 + Math.floor(length * 40))]);
    }),
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 64 })).map(([at, more]) =>
    ofBody((body) => {
      const index = Math.floor(at * body.length);
      return Buffer.concat([body.subarray(0, index), more, body.subarray(index)]);
    }),
  ),
  fc.uint8Array({ maxLength: 500 }).map((whole) => ofBody(() => Buffer.from(whole))),
);

/** The pieces that a format is made of: tags and what is between them, or JSON's tokens. */
const piecesOf = (text: string): string[] =>
  text.match(text.trimStart().startsWith('{') ? /"(?:[^"\\]|\\.)*"|[^\s"{}[\]:,]+|./gs : /<[^<>]*>|[^<>]+|[<>]/gs) ??
  [];

/** `other`: something from elsewhere, for those who want it. */
function ofPieces(change: (pieces: string[], at: number, other: string) => void): fc.Arbitrary<Mutation> {
  return fc.tuple(place, anything).map(([at, other]) =>
    ofBody((body) => {
      const pieces = piecesOf(body.toString('utf8'));
      change(pieces, Math.floor(at * pieces.length), other);
      return pieces.join('');
    }),
  );
}

/** The structure: pieces lost, doubled, swapped, replaced. */
const structure: fc.Arbitrary<Mutation> = fc.oneof(
  ofPieces((pieces, at) => pieces.splice(at, 1)),
  ofPieces((pieces, at) => pieces.splice(at, 0, ...pieces.slice(at, at + 3))),
  ofPieces((pieces, at) => pieces.splice(at, 2, ...pieces.slice(at, at + 2).reverse())),
  ofPieces((pieces, at, other) => pieces.splice(at, 1, other)),
  ofPieces((pieces, at, other) => pieces.splice(at, 0, other)),
);

type Entries = [string, string][];

/** A parameter of the query, by its place. Written as it is, so that broken escapes stay broken. */
function ofQuery(change: (entries: Entries, at: number, other: string) => void): fc.Arbitrary<Mutation> {
  return fc.tuple(place, anything).map(([at, other]) => (push) => {
    const entries = push.query.split('&').map((one) => one.split(/=(.*)/s).slice(0, 2) as [string, string]);
    change(entries, Math.floor(at * entries.length), other);
    return { ...push, query: entries.map(([name, value = '']) => `${name}=${value}`).join('&') };
  });
}

const query: fc.Arbitrary<Mutation> = fc.oneof(
  ofQuery((entries, at) => entries.splice(at, 1)),
  ofQuery((entries, at) => entries.push(entries[at] ?? ['a', ''])),
  ofQuery((entries, at, value) => entries.splice(at, 1, [entries[at]?.[0] ?? 'a', value])),
  ofQuery((entries, at, name) => entries.splice(at, 1, [name, entries[at]?.[1] ?? ''])),
  ofQuery((entries, _at, name) => entries.unshift([name, ''])),
  fc.integer({ min: -100_000, max: 100_000 }).map((shift): Mutation => (push) => ({
    ...push,
    query: push.query.replace(/(time\w*=)(\d+)/i, (_, name: string, at: string) => name + String(Number(at) + shift)),
  })),
);

const envelope: fc.Arbitrary<Mutation> = fc.oneof(
  fc
    .constantFrom('text/xml', 'application/json', 'multipart/form-data', 'application/x-www-form-urlencoded', 'x', null)
    .map((contentType): Mutation => (push) => ({ ...push, contentType })),
  fc.constant<Mutation>((push) => ({ ...push, method: push.method === 'GET' ? 'POST' : 'GET' })),
);

/** One to three changes. */
export const mutations: fc.Arbitrary<Mutation> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: bytes },
      { weight: 5, arbitrary: structure },
      { weight: 5, arbitrary: query },
      { weight: 1, arbitrary: envelope },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => (push) => all.reduce((one, change) => change(one), push));

const value = fc.oneof(anything, fc.integer(), fc.double());

/** What a customer may be made to say, well signed: every kind, with fields of it replaced by whatever. */
export const said = fc.record({
  kind: fc.constantFrom('text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link', 'miniprogram', 'raw'),
  text: anything,
  label: anything,
  title: anything,
  url: anything,
  latitude: fc.double(),
  longitude: fc.double(),
});

/** Names that platforms use, and any. */
const fieldName = fc.oneof(
  fc.constantFrom(
    ...['MsgType', 'Content', 'MsgId', 'FromUserName', 'ToUserName', 'CreateTime', 'Event', 'EventKey', 'MediaId'],
    ...['PicUrl', 'Location_X', 'Recognition', 'Url', 'type', 'data', 'text', 'sender_id', 'created_at', '__proto__'],
    ...['OpenKfId', 'Token', 'subtype', 'key', 'receiver_id', 'id'],
  ),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/),
);
export const fields = fc.dictionary(fieldName, value, { maxKeys: 5 });
/** The inside of a push, before the platform signs it: of one that it made, changed. */
export const insides = fc.array(fc.oneof(structure, bytes), { minLength: 1, maxLength: 3 });
