import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelInboundEvent } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { parseJson, readXml } from '@huiliu/wire';
import { ofJson, ofXml, type PushFields, secondsOf } from './fields';
import { eventsOf } from './inbound';
import { commentEvents, mentionEvents } from './inbound-public';
import { commentsOf, statusesOf } from './posts';

interface Recorded {
  readonly what: string;
  readonly xml?: string;
  readonly json?: string;
  readonly event: object | null;
  readonly media?: string;
  readonly opensNothing?: true;
}

const testdata = (name: string): string => readFileSync(join(__dirname, 'testdata', name), 'utf8');
const recorded = JSON.parse(testdata('pushes.json')) as Recorded[];
const timelines = parseJson(testdata('timelines.json')) as { comments: unknown; statuses: unknown };
const NOW = new Date('2026-11-27T00:00:00.000Z');
const US = '1902538057';

/** What the kit publishes of it; throws where the contract does not allow it. */
const published = (events: readonly { type: string; data: object }[]) =>
  events.map(({ type, data }) =>
    ChannelInboundEvent.parse({
      id: newId(),
      type,
      v: 1,
      key: 'k',
      occurredAt: NOW.toISOString(),
      traceparent: null,
      data: { ...data, accountId: newId(), channel: 'weibo' },
    }),
  );
const fieldsOf = ({ xml, json = '' }: Recorded): PushFields =>
  xml === undefined ? ofJson(parseJson(json)) : ofXml(readXml(xml));

describe('what a push says', () => {
  it.each(recorded.map((one) => [one.what, one] as const))('%s', (_what, one) => {
    const [first, ...rest] = eventsOf(fieldsOf(one), NOW);
    expect(rest).toEqual([]);
    if (one.event === null) return expect(first).toBeUndefined();
    expect(first?.data).toMatchObject(one.event);
    expect(first?.data.contact.remoteId).toBe(first?.data.remoteConversationId);
    expect(first?.media).toEqual(one.media);
    if (one.opensNothing) expect(first?.data.opens).toBeUndefined();
    expect(published(first === undefined ? [] : [first])).toHaveLength(1);
  });

  const said = (over: object): string =>
    eventsOf(
      ofJson({
        type: 'text',
        sender_id: 7,
        created_at: 'Mon Jul 16 18:09:20 +0800 2012',
        text: 'a',
        data: {},
        ...over,
      }),
      NOW,
    )[0]?.data.remoteId ?? '';

  it('is known by sender, second and what was said: a retry is the same, anything else is not', () => {
    const ids = [
      said({}),
      said({ text: 'b' }),
      said({ sender_id: 8 }),
      said({ created_at: 'Mon Jul 16 18:09:21 +0800 2012' }),
      said({ type: 'image', data: { tovfid: 1 } }),
      said({ type: 'image', data: { tovfid: 2 } }),
      said({ type: 'event', data: { subtype: 'click', key: 'a' } }),
      said({ type: 'event', data: { subtype: 'click', key: 'b' } }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect([said({}), said({ data: null })]).toEqual([ids[0], ids[0]]);
    const [json, xml] = recorded.map((one) => eventsOf(fieldsOf(one), NOW)[0]?.data.remoteId);
    // A retry that comes after the account was set to the other form.
    expect(xml).toBe(json);
  });

  it('whatever is in the fields, what is published is valid', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.integer(),
      fc.double(),
      fc.constant('x'.repeat(30_000)),
      fc.constant(null),
      fc.array(fc.string()),
      fc.object(),
    );
    const type = fc.constantFrom('text', 'image', 'voice', 'position', 'event', 'mention', 'x');
    const names = ['subtype', 'key', 'ticket', 'vfid', 'tovfid', 'longitude', 'latitude'];
    const push = fc.record({
      sender_id: fc.constant(7),
      type,
      text: value,
      created_at: value,
      data: fc.oneof(value, fc.dictionary(fc.constantFrom(...names), value)),
    });
    fc.assert(
      fc.property(push, (body) => void published(eventsOf(ofJson(body), NOW))),
      { numRuns: 500 },
    );
  });

  it('the platform’s time is read, and nothing else for one', () => {
    expect(secondsOf('Mon Jul 16 18:09:20 +0800 2012')).toBe(Date.UTC(2012, 6, 16, 10, 9, 20) / 1000);
    for (const other of ['', 'Mon Jux 16 18:09:20 +0800 2012', '2012-07-16', 'Mon Jul 16 18:09:20 2012'])
      expect(secondsOf(other)).toBeNull();
  });
});

describe('what is said in public', () => {
  const comments = commentsOf(timelines.comments);

  it('comments: what they are about first, then each with its 64-bit id', () => {
    const events = comments.flatMap((one) => commentEvents(one, US, NOW.getTime()));
    expect(published(events).map(({ data }) => data)).toMatchObject([
      {
        remoteConversationId: 'comment:11488058246:1404376560',
        direction: 'system',
        content: { kind: 'event', text: '评论了微博：求关注。 https://m.weibo.cn/status/11488058246' },
      },
      {
        remoteConversationId: 'comment:11488058246:1404376560',
        direction: 'inbound',
        remoteId: 'comment:9223372036854775807',
        opens: 'public',
        contact: { remoteId: '1404376560', name: 'zaku', avatarUrl: 'http://tp1.sinaimg.cn/1404376560/50/0/1' },
        sentAt: '2011-05-31T16:50:25.000Z',
        content: { kind: 'text', text: 'love your work.......' },
      },
      { direction: 'system', remoteConversationId: 'comment:11488058246:1404376561' },
      { direction: 'inbound', content: { kind: 'unsupported', platformType: 'comment' } },
      // One of us answered in the platform's own tool.
      {
        remoteConversationId: 'comment:11488058246:1404376560',
        direction: 'outbound',
        remoteId: 'comment:12438492186',
        authorName: '我们',
      },
    ]);
  });

  it('posts that name us, but for our own', () => {
    const events = statusesOf(timelines.statuses).flatMap((one) => mentionEvents(one, US, NOW.getTime()));
    expect(published(events).map(({ data }) => data)).toMatchObject([
      {
        remoteConversationId: 'mention:11488058247:1404376560',
        direction: 'system',
        content: { text: '在微博里@了我们 https://m.weibo.cn/status/11488058247，转发了：原文' },
      },
      { direction: 'inbound', remoteId: 'status:11488058247', opens: 'public', content: { text: '@我们 在吗' } },
    ]);
  });
});
