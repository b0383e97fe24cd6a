import { randomBytes } from 'node:crypto';

const THREE_DAYS = 3 * 24 * 3600_000;

export interface Medium {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
  readonly createdAtMs: number;
}

/** By type: the most bytes, the fewest, and what a file must be. */
export type MediaLimits = Readonly<
  Record<string, { readonly bytes: number; readonly fewest?: number; readonly mime: RegExp }>
>;

/** Temporary media, for three days. */
export class Media {
  private readonly media = new Map<string, Medium>();
  private expiredBeforeMs = 0;

  constructor(private readonly limits: MediaLimits) {}

  /** The stored medium, or the code of the refusal. */
  add(type: string, file: { name: string; mime: string; bytes: Buffer }, nowMs: number): Medium | number {
    const limit = this.limits[type];
    if (limit === undefined) return 40004;
    if (file.bytes.length > limit.bytes || file.bytes.length < (limit.fewest ?? 0)) return 40006;
    if (!limit.mime.test(file.mime)) return 40005;
    return this.keep(type, file, nowMs);
  }

  /** What a customer sent: whatever it is. */
  keep(type: string, file: { name: string; mime: string; bytes: Buffer }, nowMs: number): Medium {
    const medium = { ...file, type, id: randomBytes(48).toString('base64url'), createdAtMs: nowMs };
    this.media.set(medium.id, medium);
    return medium;
  }

  get(id: string, nowMs: number): Medium | undefined {
    const medium = this.media.get(id);
    const there =
      medium !== undefined && nowMs - medium.createdAtMs < THREE_DAYS && medium.createdAtMs >= this.expiredBeforeMs;
    return there ? medium : undefined;
  }

  expireAll(nowMs: number): void {
    this.expiredBeforeMs = nowMs + 1;
  }
}
