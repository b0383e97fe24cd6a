import { KEYS, type ConfigKey } from './keys';

/** The text of `docs/configuration.md`: every key, generated from where they are read. */
export function describeConfig(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = Object.values<ConfigKey>(KEYS).map(
    (key) => `| \`${key.name}\` | ${cell(key.fallback)} | ${cell(key.says)}${key.secret ? ' Secret.' : ''} |`,
  );
  return [
    '# Configuration',
    '',
    'Everything is set in the environment and checked at start; all errors are listed at once. An empty variable counts as not set.',
    'This page is generated from `libs/platform/src/config/keys.ts`.',
    '',
    '| key | when not set | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
