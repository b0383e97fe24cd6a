import type { z } from 'zod';
import {
  AccountsEvent,
  ChannelInboundEvent,
  ChannelOutboundEvent,
  ChannelReceiptEvent,
  ChannelsEvent,
} from './events-channel';
import { DlqCommandEvent, DlqEvent } from './events-dlq';
import { InboxEvent } from './events-inbox';
import { ChannelMediaEvent } from './events-media';
import { RoutingDecisionEvent, RoutingWorkEvent } from './events-routing';
import { Signal } from './signals';

/** How a topic is made and what it holds. Names carry the suffix `.v1` on the wire. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Keeps the last record of each key for ever; otherwise records live for the retention. */
  readonly compacted: boolean;
  /** Milliseconds; null where compacted. */
  readonly retentionMs: number | null;
  readonly schema: z.ZodType;
}

const PARTITIONS = 12;
const WEEK = 7 * 24 * 3600 * 1000;

function topic(name: string, schema: z.ZodType, over: Partial<TopicSpec> = {}): TopicSpec {
  return { name: `${name}.v1`, partitions: PARTITIONS, compacted: false, retentionMs: WEEK, schema, ...over };
}

export const CHANNEL_INBOUND = topic('channel.inbound', ChannelInboundEvent);
export const CHANNEL_RECEIPTS = topic('channel.receipts', ChannelReceiptEvent);
export const INBOX_EVENTS = topic('inbox.events', InboxEvent);
export const ROUTING_WORK = topic('routing.work', RoutingWorkEvent, { partitions: 1 });
export const ROUTING_DECISIONS = topic('routing.decisions', RoutingDecisionEvent);
export const ACCOUNTS = topic('accounts', AccountsEvent, { partitions: 1, compacted: true, retentionMs: null });
export const CHANNELS = topic('channels', ChannelsEvent, { partitions: 1, compacted: true, retentionMs: null });
export const DLQ_COMMANDS = topic('dlq.commands', DlqCommandEvent, { partitions: 1 });
/** Best effort; see `Signal`. */
export const SIGNALS: TopicSpec = topic('signals', Signal, { partitions: 1, retentionMs: 60_000 });

/** Topics known by name, `channel.outbound.<app>`, `channel.media.<app>` and the DLQ topics excepted. */
export const TOPICS: readonly TopicSpec[] = [
  CHANNEL_INBOUND,
  CHANNEL_RECEIPTS,
  INBOX_EVENTS,
  ROUTING_WORK,
  ROUTING_DECISIONS,
  ACCOUNTS,
  CHANNELS,
  DLQ_COMMANDS,
  SIGNALS,
];

/** The commands for one connector app. */
export function channelOutbound(app: string): TopicSpec {
  return topic(`channel.outbound.${app}`, ChannelOutboundEvent);
}

/** The files that one connector app is yet to fetch. */
export function channelMedia(app: string): TopicSpec {
  return topic(`channel.media.${app}`, ChannelMediaEvent);
}

/** Where consumers say what of `source` they could not handle: `channel.inbound.v1` → `channel.inbound.dlq.v1`. */
export function dlqTopicOf(source: string): TopicSpec {
  return topic(`${source.replace(/\.v\d+$/, '')}.dlq`, DlqEvent, { partitions: 1 });
}
