import { ConnectorError, type Pulled } from '@huiliu/connector-kit';
import { z } from 'zod';
import { TIMELINES, type TimelineName, type WeiboClient } from './client';
import type { definition } from './definition';
import { isClosedInterface } from './errors';
import { commentEvents, mentionEvents } from './inbound-public';
import { commentsOf, statusesOf } from './posts';
import { inOrder, Mark, type Read, readTimeline } from './timeline';

/** How far each timeline was read. */
const Cursor = z.partialRecord(z.enum(TIMELINES), Mark);
type Cursor = z.infer<typeof Cursor>;

/** An interface that is closed to the app is asked again so often. */
const CLOSED_MS = 600_000;

/** Reads comments and mentions, each timeline for itself: one that is closed to the app keeps none of the others from being read. */
export class Readings {
  private readonly closed = new Map<TimelineName, { readonly untilMs: number; readonly says: string }>();

  constructor(
    private readonly client: Pick<WeiboClient, 'page'>,
    private readonly ownUid: string,
    private readonly now: () => number,
  ) {}

  /**
   * A comment under a post of ours that names us is in two timelines. The one of mentions is asked first and the other one after it, which so
   * holds all that the first one said: put together and in order, no comment overtakes an earlier one.
   */
  async read(cursor: string | null, signal: AbortSignal): Promise<Pulled<typeof definition>> {
    const before = parse(cursor);
    const ask = (name: TimelineName) => (since: string, upTo: string | null) =>
      this.client.page(name, since, upTo, signal);
    const nowMs = this.now();
    const naming = await this.open('commentMentions', (name) =>
      readTimeline(before[name] ?? null, async (...at) => commentsOf(await ask(name)(...at)), nowMs),
    );
    const received = await this.open('comments', (name) =>
      readTimeline(before[name] ?? null, async (...at) => commentsOf(await ask(name)(...at)), nowMs),
    );
    const posts = await this.open('mentions', (name) =>
      readTimeline(before[name] ?? null, async (...at) => statusesOf(await ask(name)(...at)), nowMs),
    );
    // Not all that came before it is here yet: it is read again with it.
    const held = received?.more === true ? null : naming;
    const comments = inOrder([...(held?.entries ?? []), ...(received?.entries ?? [])]);
    const after: Cursor = {
      ...before,
      ...(held === null ? {} : { commentMentions: held.mark }),
      ...(received === null ? {} : { comments: received.mark }),
      ...(posts === null ? {} : { mentions: posts.mark }),
    };
    return {
      events: [
        ...comments.flatMap((one) => commentEvents(one, this.ownUid, nowMs)),
        ...(posts?.entries ?? []).flatMap((one) => mentionEvents(one, this.ownUid, nowMs)),
      ],
      cursor: JSON.stringify(after),
      more: [received, held, posts].some((one) => one?.more === true),
    };
  }

  /** What cannot be read now and why; null when everything can. */
  get trouble(): string | null {
    const lines = [...this.closed].map(([name, { says }]) => `${NAMES[name]}：${says}`);
    return lines.length === 0 ? null : lines.join('\n');
  }

  /** Reads one timeline; null while it is closed to the app. */
  private async open<T>(name: TimelineName, read: (name: TimelineName) => Promise<Read<T>>): Promise<Read<T> | null> {
    if ((this.closed.get(name)?.untilMs ?? 0) > this.now()) return null;
    try {
      const done = await read(name);
      this.closed.delete(name);
      return done;
    } catch (error) {
      if (!isClosedInterface(error)) throw error;
      this.closed.set(name, { untilMs: this.now() + CLOSED_MS, says: error.message });
      return null;
    }
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
