import fc from 'fast-check';
import { exhaust, openWindows, refund, spend, standing, type ReplyWindow, type Spend } from './ledger';

const RULES = [
  { opens: ['message'], seconds: 48 * 3600, messages: 5 },
  { opens: ['menu_click', 'scan'], seconds: 60, messages: 3 },
];
const UNLIMITED = [{ opens: ['message'], seconds: 48 * 3600, messages: null }];
const T0 = '2026-11-23T12:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(T0) + seconds * 1000).toISOString();
const on = (seconds: number): Date => new Date(at(seconds));
let ids = 0;
const newId = (): string => `w${++ids}`;
const opened = (...acts: [string, number][]): ReplyWindow[] =>
  acts.reduce<ReplyWindow[]>((windows, [act, seconds]) => openWindows(windows, RULES, act, at(seconds), newId), []);

describe('reply-window ledger', () => {
  it('has several windows open at once: their sum, and the latest end', () => {
    const windows = opened(['message', 0], ['menu_click', 10]);
    expect(standing(RULES, windows, T0, on(20))).toEqual({ expiresAt: at(48 * 3600), remaining: 8 });
    expect(standing(RULES, windows, T0, on(70))).toEqual({ expiresAt: at(48 * 3600), remaining: 5 });
  });

  it('opens a rule’s window anew with the whole quota; an older act changes nothing', () => {
    const spent = spend(opened(['message', 0]), 3, 0, on(1))!.windows;
    expect(standing(RULES, openWindows(spent, RULES, 'message', at(60), newId), T0, on(61))).toEqual({
      expiresAt: at(60 + 48 * 3600),
      remaining: 5,
    });
    expect(openWindows(spent, RULES, 'message', at(-60), newId)).toEqual(spent);
  });

  it('is closed when nothing is open, unlimited where the rule says so, and absent without rules', () => {
    expect(standing(RULES, [], T0, on(0))).toEqual({ expiresAt: T0, remaining: 0 });
    expect(standing(RULES, opened(['message', 0]), T0, on(48 * 3600))).toEqual({
      expiresAt: at(48 * 3600),
      remaining: 0,
    });
    const unlimited = openWindows([], UNLIMITED, 'message', T0, newId);
    expect(standing(UNLIMITED, unlimited, T0, on(1))?.remaining).toBeNull();
    expect(spend(unlimited, 1000, 0, on(1))).not.toBeNull();
    expect(standing([], [], T0, on(0))).toBeNull();
  });

  it('takes all parts or none, what ends first before the rest, and leaves people their reserve', () => {
    const windows = opened(['message', 0], ['menu_click', 0]);
    expect(spend(windows, 4, 0, on(1))!.taken).toEqual([
      { windowId: windows[1]!.id, amount: 3 },
      { windowId: windows[0]!.id, amount: 1 },
    ]);
    expect(spend(windows, 9, 0, on(1))).toBeNull();
    expect(spend(windows, 8, 1, on(1))).toBeNull();
    expect(spend(windows, 7, 1, on(1))).not.toBeNull();
  });

  it('has nothing left when the platform says so, whatever was counted', () => {
    const left = standing(RULES, exhaust(opened(['message', 0], ['scan', 0]), on(1)), T0, on(1));
    expect(left?.remaining).toBe(0);
    expect(
      standing(UNLIMITED, exhaust(openWindows([], UNLIMITED, 'message', T0, newId), on(1)), T0, on(1))?.remaining,
    ).toBe(0);
  });

  it('keeps the sum: what is left and what is spent is what was opened, refunds included', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('spend' as const), parts: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('refund' as const), nth: fc.nat(20), sent: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let windows = opened(['message', 0], ['menu_click', 0]);
        const sent: Spend[][] = [];
        let paid = 0;
        steps.forEach((one, n) => {
          if (one.do === 'spend') {
            const result = spend(windows, one.parts, 0, on(1));
            expect(result === null).toBe(8 - paid < one.parts);
            if (result === null) return;
            windows = result.windows;
            paid += one.parts;
            sent.push(result.taken.map((entry) => ({ messageId: String(n), attempt: 1, refunded: false, ...entry })));
          } else if (sent.length > 0) {
            const nth = one.nth % sent.length;
            const before = sent[nth]!.filter((entry) => !entry.refunded).reduce((sum, entry) => sum + entry.amount, 0);
            const back = refund(windows, sent[nth]!, one.sent);
            windows = back.windows;
            sent[nth] = back.spends;
            paid -= before - Math.min(one.sent, before);
          }
          expect(standing(RULES, windows, T0, on(1))?.remaining).toBe(8 - paid);
        });
      }),
    );
  });
});
