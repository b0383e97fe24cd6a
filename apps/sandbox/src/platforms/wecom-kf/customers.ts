const TWO_DAYS = 48 * 3600_000;
const MOST_ANSWERS = 5;
/** In these alone the interface can send. */
const SENDABLE = [0, 1];
/** Which state may follow which. Source: developer.work.weixin.qq.com/document/path/94669. */
const ALLOWED: readonly (readonly number[])[] = [[1, 2, 3, 4], [2, 3, 4], [3, 4], [3, 4], []];

/** One customer of the account: the session's state and what is left of the window. */
export class Customer {
  state = 0;
  servicer: string | null = null;
  /** The id of what they said last. */
  lastMsgId: string | null = null;
  enteredAtMs = -Infinity;
  private wroteAtMs = -Infinity;
  private answers = 0;

  constructor(
    readonly name: string,
    readonly id: string,
  ) {}

  /** A message opens the window anew. */
  wrote(msgid: string, atMs: number): void {
    this.lastMsgId = msgid;
    this.wroteAtMs = Math.max(this.wroteAtMs, atMs);
    this.answers = 0;
  }

  /** Nothing more may be sent until they write again. */
  close(): void {
    this.answers = MOST_ANSWERS;
  }

  /** 0, or the code that an answer is refused with. */
  refusal(nowMs: number): number {
    if (!SENDABLE.includes(this.state) || nowMs - this.wroteAtMs > TWO_DAYS) return 95018;
    return this.answers >= MOST_ANSWERS ? 95001 : 0;
  }

  answered(): void {
    this.answers++;
  }

  mayBecome(state: number): boolean {
    return ALLOWED[this.state]?.includes(state) === true;
  }
}
