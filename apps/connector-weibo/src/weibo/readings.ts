import { ConnectorError, type Pulled } from '@huiliu/connector-kit';
import { z } from 'zod';
import { TIMELINES, type TimelineName, type WeiboClient } from './client';
import type { definition } from './definition';
import { isClosedInterface } from './errors';
import { commentEvents, mentionEvents } from './inbound-public';
import { commentsOf, statusesOf } from './posts';
import { Mark, readTimeline } from './timeline';

type Events = Pulled<typeof definition>['events'];

/** How far each timeline was read. */
const Cursor = z.partialRecord(z.enum(TIMELINES), Mark);
type Cursor = z.infer<typeof Cursor>;

/** An interface that is closed to the app is asked again so often. */
const CLOSED_MS = 600_000;

/** Reads comments and mentions, each timeline for itself: one that is closed to the app keeps none of the others from being read. */
export class Readings {
  private readonly closed = new Map<TimelineName, { readonly untilMs: number; readonly says: string }>();

  constructor(
    private readonly client: WeiboClient,
    private readonly ownUid: string,
    private readonly now: () => number,
  ) {}

  async read(cursor: string | null, signal: AbortSignal): Promise<Pulled<typeof definition>> {
    const before = parse(cursor);
    const after: Cursor = { ...before };
    const events: Events[number][] = [];
    let more = false;
    for (const name of TIMELINES) {
      if ((this.closed.get(name)?.untilMs ?? 0) > this.now()) continue;
      try {
        const read = await this.timeline(name, before[name] ?? null, signal);
        this.closed.delete(name);
        events.push(...read.events);
        after[name] = read.mark;
        more ||= read.more;
      } catch (error) {
        if (!isClosedInterface(error)) throw error;
        this.closed.set(name, { untilMs: this.now() + CLOSED_MS, says: error.message });
      }
    }
    return { events, cursor: JSON.stringify(after), more };
  }

  /** What cannot be read now and why; null when everything can. */
  get trouble(): string | null {
    const lines = [...this.closed].map(([name, { says }]) => `${NAMES[name]}：${says}`);
    return lines.length === 0 ? null : lines.join('\n');
  }

  private async timeline(name: TimelineName, mark: Mark | null, signal: AbortSignal) {
    const nowMs = this.now();
    const ask = (since: string, upTo: string | null): Promise<unknown> => this.client.page(name, since, upTo, signal);
    if (name === 'mentions') {
      const read = await readTimeline(mark, async (...at) => statusesOf(await ask(...at)), nowMs);
      return { ...read, events: read.entries.flatMap((one) => mentionEvents(one, this.ownUid, nowMs)) };
    }
    const read = await readTimeline(mark, async (...at) => commentsOf(await ask(...at)), nowMs);
    return { ...read, events: read.entries.flatMap((one) => commentEvents(one, this.ownUid, nowMs)) };
  }
}

const NAMES: Readonly<Record<TimelineName, string>> = {
  comments: '收到的评论 / comments',
  commentMentions: '@我的评论 / comments that mention us',
  mentions: '@我的微博 / posts that mention us',
};

/** A cursor that cannot be read is none of ours: better to stop than to begin anew and skip. */
function parse(cursor: string | null): Cursor {
  if (cursor === null) return {};
  const read = Cursor.safeParse(JSON.parse(cursor));
  if (!read.success) throw new ConnectorError('transient', 'cursor', 'the kept position cannot be read');
  return read.data;
}
