import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelInboundEvent } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { saidBy } from './inbound';
import { itemOf } from './items';

interface Recorded {
  readonly what: string;
  readonly item: object;
  readonly type?: string;
  readonly event?: object;
  readonly media?: object;
  readonly receipt?: object;
  readonly welcome?: object;
}

const recorded = JSON.parse(readFileSync(join(__dirname, 'testdata/items.json'), 'utf8')) as Recorded[];
const NOW = new Date('2026-11-27T00:00:00.000Z');
const WHOSE = { remoteConversationId: 'wmA', contact: { remoteId: 'wmA', name: 'Lin', verified: true } };

function said(given: unknown) {
  const item = itemOf(given);
  return item === null ? null : saidBy(item, NOW, () => ({ name: 'Lin' }));
}

/** What the kit publishes of it; throws where the contract does not allow it. */
function published(given: unknown): void {
  const event = said(given)?.event;
  if (event == null) return;
  ChannelInboundEvent.parse({
    id: newId(),
    type: event.type,
    v: 1,
    key: 'k',
    occurredAt: NOW.toISOString(),
    traceparent: null,
    data: { ...event.data, accountId: newId(), channel: 'wecom-kf' },
  });
}

describe('what an entry of the list says', () => {
  it.each(recorded.map((one) => [one.what, one] as const))('%s', (_what, one) => {
    const { event, receipt, welcome } = said(one.item) ?? {};
    if (one.event === undefined) expect(event).toBeNull();
    else {
      expect(event?.type).toBe(one.type ?? 'message.received');
      expect(event?.data).toMatchObject({ ...WHOSE, ...one.event });
    }
    const ref = event?.type === 'message.received' ? event.media : undefined;
    expect(ref === undefined ? undefined : JSON.parse(ref)).toEqual(one.media);
    if (one.receipt === undefined) expect(receipt).toBeNull();
    else expect(receipt).toMatchObject(one.receipt);
    expect(welcome ?? undefined).toEqual(one.welcome);
    published(one.item);
  });

  it('an entry without an id, or of nobody, says nothing', () => {
    for (const bad of [null, 1, 'x', [], {}, { msgid: '' }, { msgid: 1 }]) expect(itemOf(bad)).toBeNull();
    expect(said({ msgid: 'm', msgtype: 'text', text: { content: 'x' } })).toEqual({
      event: null,
      receipt: null,
      welcome: null,
    });
  });

  it('whatever is in an entry, what is published is valid', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.double(),
      fc.constant('x'.repeat(30_000)),
      fc.constant(null),
      fc.array(fc.string()),
      fc.object(),
    );
    const types = ['text', 'image', 'file', 'location', 'link', 'business_card', 'miniprogram', 'msgmenu'];
    const msgtype = fc.constantFrom(
      ...types,
      'channels_shop_product',
      'channels_shop_order',
      'event',
      'x',
      '__proto__',
    );
    const names = ['content', 'media_id', 'latitude', 'longitude', 'name', 'title', 'url', 'pic_url', 'userid'];
    const more = ['list', 'head_content', 'event_type', 'external_userid', 'recall_msgid', 'fail_msgid', 'scene'];
    const part = fc.dictionary(fc.constantFrom(...names, ...more), value);
    const eventType = fc.constantFrom(
      'enter_session',
      'user_recall_msg',
      'session_status_change',
      'msg_send_fail',
      'y',
    );
    fc.assert(
      fc.property(msgtype, part, eventType, value, (type, holds, event_type, wild) => {
        const inside = type === 'event' ? { external_userid: 'wmA', ...holds, event_type } : holds;
        published({ msgid: 'm', external_userid: 'wmA', msgtype: type, [type]: inside });
        published({ msgid: 'm', external_userid: 'wmA', send_time: wild, origin: wild, msgtype: type, [type]: wild });
        published({
          msgid: wild,
          external_userid: wild,
          servicer_userid: wild,
          origin: 5,
          msgtype: 'text',
          text: holds,
        });
      }),
      { numRuns: 1000 },
    );
  });
});
