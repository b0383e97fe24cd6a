import { INBOX_EVENTS } from '@huiliu/contracts';
import { wrap } from '../envelopes';
import { headOf } from './head';

const { envelope } = wrap(INBOX_EVENTS, 'conversation.updated', 'a "key" \\', { type: 'other' }, new Date());
const text = JSON.stringify(envelope);

test('what a record is can be told from its first bytes', () => {
  expect(headOf(text)).toEqual({ id: envelope.id, type: 'conversation.updated' });
  expect(headOf(Buffer.from(text))).toEqual({ id: envelope.id, type: 'conversation.updated' });
  // A part of a larger buffer, as the client hands it out.
  const padded = Buffer.concat([Buffer.from('xx'), Buffer.from(text), Buffer.from('yy')]);
  expect(headOf(padded.subarray(2, -2))).toEqual(headOf(text));
});

test('what does not begin as we begin records must be read', () => {
  const { id, type, ...rest } = envelope;
  for (const value of [null, '', 'not JSON', JSON.stringify({ type, id, ...rest }), ` ${text}`, Buffer.from([255, 0])])
    expect(headOf(value)).toBeNull();
  expect(headOf(JSON.stringify({ id: 'a"b', type, ...rest }))).toBeNull();
});
