import { z } from 'zod';

const Origin = z.string().regex(/^http:\/\/[^/\s,]+$/, 'expected http://host:port');
const Upstreams = z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), z.array(Origin).min(1));
const Channels = z.record(z.string(), z.string());

/** The apps behind the edge and where their processes answer; which app speaks a channel. */
export interface EdgeConfig {
  readonly upstreams: ReadonlyMap<string, readonly string[]>;
  appOf(channel: string): string | null;
}

/** Apps that speak several channels; every other channel is spoken by an app of its own name. */
const APPS_OF_SEVERAL: Readonly<Record<string, string>> = {
  'wechat-official': 'connector-wechat',
  'wecom-kf': 'connector-wechat',
  wechaty: 'connector-wechat',
};

/**
 * Reads `EDGE_UPSTREAMS` (`inbox=http://127.0.0.1:4001,inbox=http://127.0.0.1:4002,…` or the same as JSON, an app's name to its list) and
 * `EDGE_CHANNELS` (JSON, a channel's name to its app; what it leaves out is spoken by the app that speaks several, or by `connector-<channel>`).
 */
export function readEdgeConfig(env: NodeJS.ProcessEnv): EdgeConfig {
  const upstreams = new Map(Object.entries(Upstreams.parse(upstreamsIn(env['EDGE_UPSTREAMS'] ?? ''))));
  if (!upstreams.has('inbox')) throw new Error('EDGE_UPSTREAMS: names no inbox');
  const channels = new Map(Object.entries(Channels.parse(JSON.parse(env['EDGE_CHANNELS'] || '{}'))));
  return {
    upstreams,
    appOf: (channel) => {
      const app = channels.get(channel) ?? APPS_OF_SEVERAL[channel] ?? `connector-${channel}`;
      return upstreams.has(app) ? app : null;
    },
  };
}

function upstreamsIn(text: string): unknown {
  if (text.trim().startsWith('{')) return JSON.parse(text);
  const lists: Record<string, string[]> = {};
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [app = '', url = ''] = entry.trim().split(/=(.*)/s);
    (lists[app] ??= []).push(url);
  }
  return lists;
}
