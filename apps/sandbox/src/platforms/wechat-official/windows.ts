/** What opens a window, for how long and for how many messages; null: unlimited. */
export interface WindowKind {
  readonly name: string;
  readonly ms: number;
  readonly messages: number | null;
}

const MINUTE = 60_000;
const TWO_DAYS = 48 * 3600_000;

/** Source: the platform's page on customer-service messages. */
export const WINDOWS = {
  message: { name: 'message', ms: TWO_DAYS, messages: 5 },
  menu: { name: 'menu', ms: MINUTE, messages: 3 },
  follow: { name: 'follow', ms: MINUTE, messages: 3 },
  scan: { name: 'scan', ms: MINUTE, messages: 3 },
  payment: { name: 'payment', ms: TWO_DAYS, messages: null },
  enter: { name: 'enter', ms: MINUTE, messages: 2 },
} as const satisfies Record<string, WindowKind>;

/** One customer's windows: what they did last opens its window anew. */
export class CustomerWindows {
  private open = new Map<string, { untilMs: number; left: number | null }>();
  private everOpened = false;

  act(kind: WindowKind, nowMs: number): void {
    this.everOpened = true;
    this.open.set(kind.name, { untilMs: nowMs + kind.ms, left: kind.messages });
  }

  close(): void {
    this.open.clear();
  }

  /** Takes one message; 0, 45015 (none open) or 45047 (none left). */
  spend(nowMs: number): number {
    const windows = [...this.open.values()].filter(({ untilMs }) => untilMs > nowMs);
    if (windows.length === 0 || !this.everOpened) return 45015;
    if (windows.some(({ left }) => left === null)) return 0;
    const next = windows.filter(({ left }) => (left ?? 0) > 0).sort((a, b) => a.untilMs - b.untilMs)[0];
    if (next === undefined) return 45047;
    next.left = (next.left as number) - 1;
    return 0;
  }
}
