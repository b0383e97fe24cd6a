export type WaitLevel = 'calm' | 'soon' | 'late';

/** How long a customer has waited, ready to be shown in colour and in words. */
export interface Wait {
  readonly level: WaitLevel;
  readonly unit: 'clock' | 'hours' | 'days';
  /** `m:ss` for `clock`, else a whole number. */
  readonly value: string;
}

/** From a minute on it should be answered soon; platforms count three minutes as slow. */
const SOON_MS = 60_000;
export const LATE_MS = 180_000;
const HOUR_MS = 3_600_000;

function levelOf(ms: number): WaitLevel {
  if (ms >= LATE_MS) return 'late';
  return ms >= SOON_MS ? 'soon' : 'calm';
}

/** Computed anew from the server's times each time it is shown, never counted on: a page that slept shows the truth at once. */
export function waitOf(waitingSince: string, serverNow: number): Wait {
  const ms = Math.max(0, serverNow - Date.parse(waitingSince));
  const level = levelOf(ms);
  if (ms >= 48 * HOUR_MS) return { level, unit: 'days', value: String(Math.floor(ms / (24 * HOUR_MS))) };
  if (ms >= HOUR_MS) return { level, unit: 'hours', value: String(Math.floor(ms / HOUR_MS)) };
  const seconds = Math.floor(ms / 1000);
  return { level, unit: 'clock', value: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` };
}
