import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelInboundEvent } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { parseJson, readXml } from '@huiliu/wire';
import type { Fields } from '../shared/fields';
import { eventsOf } from './inbound';

interface Recorded {
  readonly what: string;
  readonly xml?: string;
  readonly json?: string;
  readonly event: object | null;
  readonly media?: object;
}

const recorded = JSON.parse(readFileSync(join(__dirname, 'testdata/pushes.json'), 'utf8')) as Recorded[];
const NOW = new Date('2026-11-27T00:00:00.000Z');

/** What the kit publishes of it; throws where the contract does not allow it. */
function published(fields: Fields) {
  return eventsOf(fields, NOW).map(({ type, data }) =>
    ChannelInboundEvent.parse({
      id: newId(),
      type,
      v: 1,
      key: 'k',
      occurredAt: NOW.toISOString(),
      traceparent: null,
      data: { ...data, accountId: newId(), channel: 'wechat-official' },
    }),
  );
}

describe('what a push says', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'an event that is called %s is one that nobody has heard of',
    (Event) => {
      const fields = { FromUserName: 'o1', MsgType: 'event', Event, CreateTime: '1795600000' };
      expect(published(fields)).toMatchObject([
        { data: { direction: 'system', content: { event: { type: 'other', platformType: Event } } } },
      ]);
    },
  );

  it.each(recorded.map((one) => [one.what, one] as const))('%s', (_what, { xml, json, event, media }) => {
    const fields = (xml === undefined ? parseJson(json ?? '') : readXml(xml)) as Fields;
    const [first, ...rest] = eventsOf(fields, NOW);
    expect(rest).toEqual([]);
    if (event === null) return expect(first).toBeUndefined();
    expect(first?.data).toMatchObject({ remoteConversationId: 'oABC', contact: { remoteId: 'oABC' }, ...event });
    const ref = first?.type === 'message.received' ? first.media : undefined;
    expect(ref === undefined ? undefined : JSON.parse(ref)).toEqual(media);
    expect(published(fields)).toHaveLength(1);
  });

  it('of one second, two events of one person differ by type and key', () => {
    const event = (Event: string, EventKey: string): unknown => {
      const fields = { FromUserName: 'o', CreateTime: '1764201600', MsgType: 'event', Event, EventKey };
      return eventsOf(fields, NOW).map(({ data }) => ('remoteId' in data ? data.remoteId : null))[0];
    };
    const ids = [
      event('CLICK', 'a'),
      event('CLICK', 'b'),
      event('VIEW', 'a'),
      event('VIEW', 'x'.repeat(2000)),
      event('VIEW', `${'x'.repeat(2000)}y`),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(event('CLICK', 'a')).toBe(ids[0]);
  });

  it('whatever is in the fields, what is published is valid', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.integer(),
      fc.constant('x'.repeat(30_000)),
      fc.constant(null),
      fc.array(fc.string()),
      fc.object(),
    );
    const type = fc.constantFrom(
      'text',
      'image',
      'voice',
      'video',
      'location',
      'link',
      'miniprogrampage',
      'event',
      'x',
    );
    const names = [
      'Content',
      'MediaId',
      'PicUrl',
      'Recognition',
      'Location_X',
      'Location_Y',
      'Label',
      'Title',
      'Description',
      'Url',
      'ThumbUrl',
      'AppId',
      'Event',
      'EventKey',
      'SessionFrom',
      'Latitude',
      'CreateTime',
    ];
    const more = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(
      fc.property(type, more, (MsgType, fields) => {
        published({ FromUserName: 'o', MsgId: '1', ...fields, MsgType });
      }),
      { numRuns: 500 },
    );
  });
});
