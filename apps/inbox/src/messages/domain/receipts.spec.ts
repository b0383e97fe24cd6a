import fc from 'fast-check';
import type { Receipt } from '@huiliu/contracts';
import { answerDraft } from './drafts';
import type { StoredMessage } from './message';
import { applyReceipt } from './receipts';

const NOW = new Date('2026-11-23T12:00:00.000Z');
const fresh: StoredMessage = {
  ...answerDraft('m', { id: 'anna', name: 'Anna' }, { kind: 'text', text: 'x' }, 'c', NOW),
  conversationId: 'c',
  seq: 1,
  sessionId: null,
};
const ERROR = { kind: 'rejected' as const, code: '1', message: 'no' };

function receipt(state: Receipt['state'], over: Partial<Receipt> = {}): Receipt {
  const error = state === 'failed' || state === 'unknown' || state === 'recall_failed' ? ERROR : null;
  return {
    accountId: 'a',
    conversationId: 'c',
    messageId: 'm',
    attempt: 1,
    remoteId: null,
    remoteIds: [],
    state,
    error,
    at: NOW.toISOString(),
    ...over,
  };
}
const after = (...receipts: Receipt[]): StoredMessage =>
  receipts.reduce((message, one) => applyReceipt(message, one).message, fresh);

/** From where to where a message may go by receipts. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  queued: ['sent', 'delivered', 'read', 'failed', 'unknown'],
  sent: ['delivered', 'read', 'failed'],
  delivered: ['read'],
  read: [],
  failed: [],
  unknown: ['sent', 'delivered', 'read', 'failed'],
};

const any = fc
  .record({
    state: fc.constantFrom<Receipt['state'][]>(
      'accepted',
      'delivered',
      'read',
      'failed',
      'unknown',
      'recalled',
      'recall_failed',
    ),
    remoteId: fc.option(fc.constantFrom('p-1', 'p-2')),
    remoteIds: fc.constantFrom<string[][]>([], ['p-1'], ['p-1', 'p-2']),
    attempt: fc.constantFrom(null, 1, 2),
    failedPart: fc.constantFrom(undefined, 1, 2),
  })
  .map(({ state, failedPart, ...over }) =>
    receipt(state, { ...over, ...(failedPart === undefined ? {} : { failedPart }) }),
  );

describe('a message and its receipts', () => {
  it('only advances, and is paid back at most once an attempt', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), fc.constantFrom(1, 2), (receipts, attempt) => {
        let message: StoredMessage = { ...fresh, attempt };
        let refunds = 0;
        for (const one of receipts) {
          const outcome = applyReceipt(message, one);
          if (outcome.message.state !== message.state) {
            expect(MAY[message.state]).toContain(outcome.message.state);
            expect(one.attempt === null || one.attempt >= attempt).toBe(true);
          }
          if (outcome.refund !== null) refunds += 1;
          expect(outcome.message.remoteIds.slice(0, message.remoteIds.length)).toEqual(message.remoteIds);
          expect(applyReceipt(outcome.message, one).message).toEqual(outcome.message);
          message = outcome.message;
        }
        expect(refunds).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is paid back when it was refused, not when nobody knows, nor after the platform took it', () => {
    expect(applyReceipt(fresh, receipt('failed')).refund).toEqual({ attempt: 1, sent: 0 });
    expect(applyReceipt(fresh, receipt('unknown')).refund).toBeNull();
    expect(applyReceipt(after(receipt('unknown')), receipt('failed')).refund).toEqual({ attempt: 1, sent: 0 });
    expect(applyReceipt(after(receipt('accepted')), receipt('failed')).refund).toBeNull();
    const retried: StoredMessage = { ...fresh, attempt: 2, failedPart: 3 };
    expect(applyReceipt(retried, receipt('failed', { attempt: 2, failedPart: 5 })).refund).toEqual({
      attempt: 2,
      sent: 2,
    });
  });

  it('closes the window when the platform says so', () => {
    expect(
      applyReceipt(fresh, receipt('failed', { error: { kind: 'window_closed', code: '45015', message: '' } }))
        .exhausted,
    ).toBe(true);
    expect(
      applyReceipt(fresh, receipt('failed', { error: { kind: 'rate_limited', code: '45011', message: '' } })).exhausted,
    ).toBe(false);
  });

  it('keeps what was taken back', () => {
    expect(after(receipt('accepted'), receipt('recalled'))).toMatchObject({
      state: 'sent',
      recalledAt: NOW.toISOString(),
      content: { text: 'x' },
    });
  });

  it('of an older attempt changes no state but is known by its ids', () => {
    const retried: StoredMessage = { ...fresh, attempt: 2 };
    expect(applyReceipt(retried, receipt('accepted', { attempt: 1, remoteIds: ['r'] })).message).toMatchObject({
      state: 'queued',
      remoteIds: ['r'],
    });
  });
});
