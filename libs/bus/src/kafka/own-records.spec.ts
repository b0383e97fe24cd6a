import { INBOX_EVENTS } from '@huiliu/contracts';
import { toOutbox, wrap } from '../envelopes';
import { OwnRecords } from './own-records';

const record = (text: string, topic = INBOX_EVENTS.name) => ({
  ...toOutbox(wrap(INBOX_EVENTS, 'message.created', 'k', { text }, new Date())),
  topic,
});
const raw = (value: string) => ({ offset: '0', key: 'k', value: Buffer.from(value), timestampMs: 0 });

test('a record comes back with what it was made of, once, where its topic is read here', () => {
  const own = new OwnRecords();
  own.follow(INBOX_EVENTS.name);
  const [mine, unread, others] = [record('a'), record('b', 'unread.v1'), record('c')];
  own.remember([mine, unread]);
  expect(own.recognise(raw(mine.value)).envelope).toBe(mine.envelope);
  expect(own.recognise(raw(mine.value)).envelope).toBeUndefined();
  expect(own.recognise(raw(unread.value)).envelope).toBeUndefined();
  expect(own.recognise(raw(others.value)).envelope).toBeUndefined();
});

test('what was handed out does not come back', () => {
  const own = new OwnRecords();
  own.follow(INBOX_EVENTS.name);
  const [first, second] = [record('a'), record('b')];
  own.remember([first, second]);
  own.forget([raw(first.value)]);
  expect(own.recognise(raw(first.value)).envelope).toBeUndefined();
  expect(own.recognise(raw(second.value)).envelope).toBe(second.envelope);
});

test('what never comes back is forgotten when there is too much of it', () => {
  const own = new OwnRecords();
  own.follow(INBOX_EVENTS.name);
  const large = Array.from({ length: 20 }, () => record('x'.repeat(700_000)));
  own.remember(large);
  const known = large.filter(({ value }) => own.recognise(raw(value)).envelope !== undefined);
  expect(known).toEqual(large.slice(-5));
});
