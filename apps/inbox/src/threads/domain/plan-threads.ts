/** A message of a channel whose conversations are threads, by the keys of what it names. */
export interface ThreadedMessage {
  readonly eventId: string;
  /** The conversation that its connector has proven it to belong to. */
  readonly proven: string | null;
  readonly ownKey: string;
  /** Keys of earlier messages that it names, the likeliest first. */
  readonly referenceKeys: readonly string[];
  /** Its own key and those of its references once more, each with its sender. */
  readonly ownLink: string;
  readonly referenceLinks: readonly string[];
  /** The conversation that its own remote conversation is already, where it is one. */
  readonly begunBefore: string | null;
}

/** What is stored of what the messages name. */
export interface KnownThreads {
  /** Proven conversations that exist and are of the message's account. */
  readonly conversations: ReadonlySet<string>;
  /** The conversation of each message that is stored or was sent, by its key. */
  readonly messages: ReadonlyMap<string, string>;
  /** The conversation that a sender's mails go to which name a message, by link. */
  readonly links: ReadonlyMap<string, string>;
}

/** Where a message belongs; `begins`: its conversation comes into being by it. */
export interface ThreadHome {
  readonly conversationId: string;
  readonly begins: boolean;
}

export interface ThreadPlan {
  /** By event id. */
  readonly homes: ReadonlyMap<string, ThreadHome>;
  /** What is to be remembered, the first writer of each link winning. */
  readonly links: ReadonlyMap<string, string>;
}

/** How many references that nobody knows are remembered of one message, half of them the nearest, half the thread's beginning. */
const REMEMBERED = 40;

/**
 * Where the messages of a batch belong, in their order; no I/O. A message goes where it is stored already; else where its connector has
 * proven it to belong; else to the first message that it names and that is known; else to what the same sender wrote about a message that
 * nobody knows, this one included; else it begins a conversation. Never by its subject.
 */
export function planThreads(
  messages: readonly ThreadedMessage[],
  known: KnownThreads,
  newId: () => string,
): ThreadPlan {
  const placed = new Map(known.messages);
  const linked = new Map(known.links);
  const homes = new Map<string, ThreadHome>();
  const links = new Map<string, string>();
  for (const message of messages) {
    if (homes.has(message.eventId)) continue;
    const isStored = placed.has(message.ownKey);
    const found = placeOf(message, known, placed, linked);
    const home = { conversationId: found ?? newId(), begins: found === undefined };
    homes.set(message.eventId, home);
    if (isStored) continue;
    for (const link of [message.ownLink, ...unknownLinks(message, placed)]) {
      if (linked.has(link)) continue;
      linked.set(link, home.conversationId);
      links.set(link, home.conversationId);
    }
    placed.set(message.ownKey, home.conversationId);
  }
  return { homes, links };
}

function placeOf(
  message: ThreadedMessage,
  known: KnownThreads,
  placed: ReadonlyMap<string, string>,
  linked: ReadonlyMap<string, string>,
): string | undefined {
  const { proven } = message;
  return (
    placed.get(message.ownKey) ??
    (proven !== null && known.conversations.has(proven) ? proven : undefined) ??
    firstOf(message.referenceKeys, placed) ??
    firstOf(message.referenceLinks, linked) ??
    linked.get(message.ownLink) ??
    message.begunBefore ??
    undefined
  );
}

function firstOf(keys: readonly string[], places: ReadonlyMap<string, string>): string | undefined {
  for (const key of keys) {
    const place = places.get(key);
    if (place !== undefined) return place;
  }
  return undefined;
}

function unknownLinks(message: ThreadedMessage, placed: ReadonlyMap<string, string>): string[] {
  const unknown = message.referenceLinks.filter((_, n) => !placed.has(message.referenceKeys[n] as string));
  if (unknown.length <= REMEMBERED) return unknown;
  return [...unknown.slice(0, REMEMBERED / 2), ...unknown.slice(-REMEMBERED / 2)];
}
