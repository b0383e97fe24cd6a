import type { WindowRule } from '@huiliu/contracts';

/** A right to write that a customer's act opened. Times are ISO-8601; `total` null: as often as one likes. */
export interface ReplyWindow {
  readonly id: string;
  /** The act, as the definition's rules name it. */
  readonly openedBy: string;
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly total: number | null;
  readonly spent: number;
}

/** What one attempt to send a message took from one window. */
export interface Spend {
  readonly messageId: string;
  readonly attempt: number;
  readonly windowId: string;
  readonly amount: number;
  readonly refunded: boolean;
}

/** What is left to write with; `remaining` null: unlimited. */
export interface Standing {
  readonly expiresAt: string;
  readonly remaining: number | null;
}

const isOpen = (window: ReplyWindow, now: Date): boolean => Date.parse(window.expiresAt) > now.getTime();
const left = (window: ReplyWindow): number =>
  window.total === null ? Infinity : Math.max(0, window.total - window.spent);

/**
 * The windows after an act of the customer. A rule has one window: the act opens it anew with the whole quota, as platforms
 * count (an act older than the one that opened it changes nothing); windows of other rules stay beside it.
 */
export function openWindows(
  windows: readonly ReplyWindow[],
  rules: readonly WindowRule[],
  act: string,
  at: string,
  newId: () => string,
): ReplyWindow[] {
  let after = [...windows];
  for (const rule of rules) {
    if (!rule.opens.includes(act)) continue;
    const sameRule = (window: ReplyWindow): boolean => rule.opens.includes(window.openedBy);
    if (after.some((window) => sameRule(window) && window.openedAt > at)) continue;
    const expiresAt = new Date(Date.parse(at) + rule.seconds * 1000).toISOString();
    after = after.filter((window) => !sameRule(window));
    after.push({ id: newId(), openedBy: act, openedAt: at, expiresAt, total: rule.messages, spent: 0 });
  }
  return after;
}

/**
 * What is left: the sum over the open windows and the latest end; null where the channel has no rules. With none open nothing is
 * left, since the last one ended (`never` where there was none).
 */
export function standing(
  rules: readonly WindowRule[],
  windows: readonly ReplyWindow[],
  never: string,
  now: Date,
): Standing | null {
  if (rules.length === 0) return null;
  const open = windows.filter((window) => isOpen(window, now));
  const ends = (open.length > 0 ? open : windows).map((window) => window.expiresAt).sort();
  const expiresAt = ends.at(-1) ?? never;
  const sum = open.reduce((total, window) => total + left(window), 0);
  return { expiresAt, remaining: sum === Infinity ? null : sum };
}

/**
 * Takes `parts` messages from the open windows: what is unlimited first, then what ends first. Null when too few are left, and then
 * nothing is taken. `reserve`: how many must stay for people; 0 when a person writes.
 */
export function spend(
  windows: readonly ReplyWindow[],
  parts: number,
  reserve: number,
  now: Date,
): { windows: ReplyWindow[]; taken: { windowId: string; amount: number }[] } | null {
  const open = windows.filter((window) => isOpen(window, now) && left(window) > 0);
  const available = open.reduce((total, window) => total + left(window), 0);
  if (available - reserve < parts || open.length === 0) return null;
  const order = [...open].sort(
    (a, b) => (a.total === null ? -1 : 0) - (b.total === null ? -1 : 0) || (a.expiresAt < b.expiresAt ? -1 : 1),
  );
  const taken = new Map<string, number>();
  let wanted = parts;
  for (const window of order) {
    const amount = Math.min(wanted, left(window));
    if (amount > 0) taken.set(window.id, amount);
    wanted -= amount;
  }
  return {
    windows: windows.map((window) => ({ ...window, spent: window.spent + (taken.get(window.id) ?? 0) })),
    taken: [...taken].map(([windowId, amount]) => ({ windowId, amount })),
  };
}

/**
 * Gives back what an attempt took, after a certain refusal; `sent` parts had gone out before and stay paid. A window that is no longer
 * there gets nothing back.
 */
export function refund(
  windows: readonly ReplyWindow[],
  spends: readonly Spend[],
  sent: number,
): { windows: ReplyWindow[]; spends: Spend[] } {
  const back = new Map<string, number>();
  let paid = sent;
  const settled = spends.map((entry) => {
    if (entry.refunded) return entry;
    const kept = Math.min(paid, entry.amount);
    paid -= kept;
    back.set(entry.windowId, (back.get(entry.windowId) ?? 0) + entry.amount - kept);
    return kept === 0 ? { ...entry, refunded: true } : { ...entry, amount: kept };
  });
  return {
    windows: windows.map((window) => ({ ...window, spent: Math.max(0, window.spent - (back.get(window.id) ?? 0)) })),
    spends: settled,
  };
}

/** The platform itself says that nothing more may be written: whatever we had counted, nothing is left. */
export function exhaust(windows: readonly ReplyWindow[], now: Date): ReplyWindow[] {
  return windows.map((window) => {
    if (!isOpen(window, now)) return window;
    const total = window.total ?? window.spent;
    return { ...window, total, spent: Math.max(total, window.spent) };
  });
}
