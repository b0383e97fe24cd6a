import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { ChannelPlan } from '../plan';

/** Every plan in this folder, a file each: what a file exports with a `channel`. Nothing lists them. */
export const PLANS: readonly ChannelPlan[] = readdirSync(__dirname)
  .filter((file) => file.endsWith('.ts') && file !== path.basename(__filename))
  .flatMap((file) =>
    Object.values(jest.requireActual<Record<string, unknown>>(path.join(__dirname, file))).filter(isPlan),
  );

function isPlan(value: unknown): value is ChannelPlan {
  return typeof value === 'object' && value !== null && 'channel' in value;
}
