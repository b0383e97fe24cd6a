/** What is asked of a partition: everything from an offset on. */
export interface PartitionAsked {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
}

export interface TopicAsked {
  readonly topic: string;
  readonly partitions: readonly PartitionAsked[];
}

/** What a Fetch says of its session beside what it asks. */
export interface SessionFields {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly forgottenTopics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** One Fetch on its way. Exactly one of the two is called when it is over. */
interface AskedInSession {
  readonly topics: readonly TopicAsked[];
  readonly session: SessionFields;
  /** `sessionId`: what the broker calls the session from now on; 0 where it keeps none. */
  answered(sessionId: number): void;
  /** `unknown`: the broker knows no such session (any more). */
  failed(unknown: boolean): void;
}

const OUTSIDE: SessionFields = { sessionId: 0, sessionEpoch: -1, forgottenTopics: [] };
/** The epoch of a Fetch that names all its partitions and asks for a session that holds them. */
const FIRST = 0;
const LAST_EPOCH = 2 ** 31 - 1;

/**
 * A fetch session (KIP-227) with one broker: it remembers which partitions are read and from where, so that a Fetch names only those of which
 * that has changed, and is told only of those that have something. After anything but an answer the next Fetch names them all again, in a
 * session that takes the place of the old.
 */
export class FetchSession {
  private id = 0;
  private epoch = FIRST;
  private asking = false;
  private known = new Map<string, ReadonlyMap<number, PartitionAsked>>();

  ask(topics: readonly TopicAsked[]): AskedInSession {
    // One at a time: who asks meanwhile does so outside of the session.
    if (this.asking) return { topics, session: OUTSIDE, answered: () => undefined, failed: () => undefined };
    this.asking = true;
    const wanted = new Map(
      topics.map(({ topic, partitions }) => [topic, new Map(partitions.map((each) => [each.partition, each]))]),
    );
    const isFirst = this.epoch === FIRST;
    const asked = {
      topics: isFirst ? topics : changedIn(topics, this.known),
      session: {
        sessionId: this.id,
        sessionEpoch: this.epoch,
        forgottenTopics: isFirst ? [] : goneFrom(this.known, wanted),
      },
    };
    this.known = wanted;
    return {
      ...asked,
      answered: (sessionId) => {
        this.asking = false;
        this.id = sessionId;
        this.epoch = sessionId === 0 ? FIRST : this.epoch === LAST_EPOCH ? 1 : this.epoch + 1;
      },
      failed: (unknown) => {
        this.asking = false;
        if (unknown) this.id = 0;
        this.epoch = FIRST;
      },
    };
  }
}

function changedIn(
  topics: readonly TopicAsked[],
  known: ReadonlyMap<string, ReadonlyMap<number, PartitionAsked>>,
): TopicAsked[] {
  return topics.flatMap(({ topic, partitions }) => {
    const before = known.get(topic);
    const changed = partitions.filter(({ partition, fetchOffset, maxBytes }) => {
      const was = before?.get(partition);
      return was === undefined || was.fetchOffset !== fetchOffset || was.maxBytes !== maxBytes;
    });
    return changed.length === 0 ? [] : [{ topic, partitions: changed }];
  });
}

function goneFrom(
  known: ReadonlyMap<string, ReadonlyMap<number, PartitionAsked>>,
  wanted: ReadonlyMap<string, ReadonlyMap<number, PartitionAsked>>,
): { topic: string; partitions: number[] }[] {
  return [...known].flatMap(([topic, before]) => {
    const now = wanted.get(topic);
    const partitions = [...before.keys()].filter((partition) => now?.has(partition) !== true);
    return partitions.length === 0 ? [] : [{ topic, partitions }];
  });
}
