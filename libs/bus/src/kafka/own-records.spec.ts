import { INBOX_EVENTS } from '@huiliu/contracts';
import { toOutbox, wrap } from '../envelopes';
import { OwnRecords } from './own-records';

const record = (text: string) => toOutbox(wrap(INBOX_EVENTS, 'message.created', 'k', { text }, new Date()));
const raw = (value: string) => ({ offset: '0', key: 'k', value: Buffer.from(value), timestampMs: 0 });

test('a record that comes while it is being sent is recognised as what it was made of, and no other', async () => {
  const own = new OwnRecords();
  const [mine, later, others] = [record('a'), record('b'), record('c')];
  await own.whileSending([mine], async () => {
    expect(own.recognise(raw(mine.value)).envelope).toBe(mine.envelope);
    expect(own.recognise(raw(later.value)).envelope).toBeUndefined();
    await own.whileSending([later], () => {
      for (const each of [mine, later]) expect(own.recognise(raw(each.value)).envelope).toBe(each.envelope);
      expect(own.recognise(raw(others.value)).envelope).toBeUndefined();
      return Promise.resolve();
    });
    expect(own.recognise(raw(later.value)).envelope).toBeUndefined();
  });
  const failing = own.whileSending([mine], () => Promise.reject(new Error('the broker is away')));
  await expect(failing).rejects.toThrow('away');
  expect(own.recognise(raw(mine.value)).envelope).toBeUndefined();
});
