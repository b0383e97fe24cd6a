import { Injectable } from '@nestjs/common';
import type { RemoteConversation } from '@huiliu/contracts';
import { dedupeKey, Latest, newId } from '@huiliu/platform';
import { isDuplicateKey, type Tx } from '@huiliu/storage';
import { ConversationsRepository } from '../conversations/conversations.repository';
import { newThread, type ThreadContact } from '../conversations/domain/thread';
import { ContactsRepository, type Identity, type KnownPlace } from './contacts.repository';

/** A remote conversation that something happened in; `creates`: it comes into being by it. */
export interface WantedPlace {
  readonly remote: RemoteConversation;
  readonly creates: boolean;
}

/** The conversation that it is here. */
export interface Place {
  readonly conversationId: string;
  readonly contact: ThreadContact;
  readonly isNew: boolean;
}

/** A connector named a conversation id that is another's: nothing of it may be stored there. */
export class ForeignConversation extends Error {
  constructor(conversationId: string) {
    super(`conversation ${conversationId} belongs to another remote conversation`);
  }
}

/** How often an insert that met a duplicate looks again: each time some other process has just made a row. */
const TRIES = 3;

/** Keys lately made: a conversation that is talked in is asked for twice with every message, and a hash takes longer than finding it. */
const keysLately = new Latest<string, string>(4_000, 1024 * 1024);

/** The key by which a remote conversation is found. */
export function placeKeyOf({
  accountId,
  remoteConversationId,
}: Pick<RemoteConversation, 'accountId' | 'remoteConversationId'>): string {
  // Account ids are all of one length.
  const name = `${accountId} ${remoteConversationId}`;
  let key = keysLately.get(name);
  if (key === undefined) {
    key = dedupeKey(accountId, remoteConversationId, 'conversation');
    keysLately.add(name, key, 2 * name.length + key.length);
  }
  return key;
}

const identityKeyOf = (remote: RemoteConversation): string =>
  dedupeKey(remote.accountId, remote.contact.remoteId, 'identity');

/**
 * Finds the conversations that events belong to, or makes them with contact and identity. Rows are inserted and a duplicate is read
 * again: two processes that meet the same customer at once end with one conversation.
 */
@Injectable()
export class Placement {
  /** Where events were found to belong lately, by place key: a row never changes these two. */
  private readonly lately = new Latest<string, string>(20_000, 4 * 1024 * 1024);

  constructor(
    private readonly contacts: ContactsRepository,
    private readonly conversations: ConversationsRepository,
  ) {}

  /**
   * For who is going to lock just the conversations of these: where all of them are known, nobody has to be asked first. (With some of them ahead
   * and the others behind they would be locked in another order than by everybody else.)
   */
  lockAhead(tx: Tx, wanted: readonly WantedPlace[]): void {
    const ids = wanted.map(({ remote }) => this.lately.get(placeKeyOf(remote)));
    if (ids.every((id) => id !== undefined)) this.conversations.lockAhead(tx, ids);
  }

  /** By place key; what is not there and is not to be made is absent. */
  async place(tx: Tx, wanted: readonly WantedPlace[], now: Date): Promise<Map<string, Place>> {
    const byKey = merge(wanted);
    const known = await this.contacts.places(tx, [...byKey.keys()]);
    for (const [key, { conversationId }] of known)
      if (this.lately.get(key) !== conversationId)
        this.lately.add(key, conversationId, 2 * (key.length + conversationId.length));
    const found = await this.keepNames(tx, known, byKey, now);
    const missing = [...byKey].filter(([key, { creates }]) => creates && !known.has(key));
    if (missing.length > 0) await this.make(tx, new Map(missing), found, now);
    return found;
  }

  /** Conversations that others than their remote ids have led to, by id; of each, the remotes that something came from. */
  async revisit(
    tx: Tx,
    remotes: ReadonlyMap<string, readonly RemoteConversation[]>,
    now: Date,
  ): Promise<Map<string, Place>> {
    const known = await this.contacts.places(tx, [...remotes.keys()], 'id');
    const theirs = new Map<string, WantedPlace>();
    for (const [id, { identity }] of known) {
      const remote = remotes.get(id)?.findLast(({ contact }) => contact.remoteId === identity.remoteId);
      if (remote) theirs.set(id, { remote, creates: false });
    }
    return this.keepNames(tx, known, theirs, now);
  }

  /** What a customer is called may change with any event. */
  private async keepNames(
    tx: Tx,
    known: ReadonlyMap<string, KnownPlace>,
    wanted: ReadonlyMap<string, WantedPlace>,
    now: Date,
  ): Promise<Map<string, Place>> {
    const renamed = new Map<string, Identity>();
    const found = new Map<string, Place>();
    for (const [key, { conversationId, contactName, identity }] of known) {
      const after = renamedBy(identity, wanted.get(key)?.remote, now);
      if (after !== null) renamed.set(after.id, after);
      const name = after?.name ?? contactName;
      found.set(key, {
        conversationId,
        contact: { id: identity.contactId, name, remoteId: identity.remoteId },
        isNew: false,
      });
    }
    await this.contacts.rename(tx, [...renamed.values()], now);
    return found;
  }

  private async make(
    tx: Tx,
    missing: ReadonlyMap<string, WantedPlace>,
    found: Map<string, Place>,
    now: Date,
  ): Promise<void> {
    const identities = await this.identify(tx, [...missing.values()], now);
    const names = await this.contacts.names(tx, [
      ...new Set([...identities.values()].map((identity) => identity.contactId)),
    ]);
    let left = [...missing];
    for (let tries = 1; left.length > 0; tries++) {
      const made = left.map(([key, { remote }]) => {
        const identity = identities.get(identityKeyOf(remote));
        if (!identity) throw new Error('an identity that was made is not there');
        const { accountId, channel, remoteConversationId } = remote;
        const ids = { id: remote.conversationId ?? newId(), identityId: identity.id, contactId: identity.contactId };
        return {
          key,
          identity,
          thread: newThread({ ...ids, channel, accountId, remoteConversationId, remoteKey: key }, now),
        };
      });
      try {
        await this.conversations.insert(
          tx,
          made.map(({ thread }) => thread),
        );
      } catch (error) {
        if (!isDuplicateKey(error) || tries >= TRIES) throw error;
        left = await this.others(tx, left, found);
        continue;
      }
      for (const { key, identity, thread } of made) {
        const contact = {
          id: identity.contactId,
          name: names.get(identity.contactId) ?? identity.name,
          remoteId: identity.remoteId,
        };
        found.set(key, { conversationId: thread.id, contact, isNew: true });
      }
      return;
    }
  }

  /** After a duplicate: takes over what others have made meanwhile and answers what is still to be made. */
  private async others(
    tx: Tx,
    left: readonly [string, WantedPlace][],
    found: Map<string, Place>,
  ): Promise<[string, WantedPlace][]> {
    const theirs = await this.contacts.places(
      tx,
      left.map(([key]) => key),
    );
    for (const [key, { conversationId, contactName, identity }] of theirs) {
      found.set(key, {
        conversationId,
        contact: { id: identity.contactId, name: contactName, remoteId: identity.remoteId },
        isNew: false,
      });
    }
    const still = left.filter(([key]) => !theirs.has(key));
    const named = still.flatMap(([, { remote }]) => remote.conversationId ?? []);
    const [foreign] = (await this.conversations.byIds(tx, named)).values();
    if (foreign) throw new ForeignConversation(foreign.id);
    return still;
  }

  /** The identities behind remote conversations, made where they are missing, by identity key. */
  private async identify(tx: Tx, wanted: readonly WantedPlace[], now: Date): Promise<Map<string, Identity>> {
    const remotes = new Map(wanted.map(({ remote }) => [identityKeyOf(remote), remote]));
    for (let tries = 1; ; tries++) {
      const known = await this.contacts.identities(tx, [...remotes.keys()]);
      const missing = [...remotes].filter(([key]) => !known.has(key));
      if (missing.length === 0) return known;
      const { identities, contacts } = await this.withContacts(tx, missing, now);
      try {
        await this.contacts.insertIdentities(tx, identities);
      } catch (error) {
        if (!isDuplicateKey(error) || tries >= TRIES) throw error;
        continue;
      }
      await this.contacts.insertContacts(tx, contacts, now);
      for (const identity of identities) known.set(identity.remoteKey, identity);
      return known;
    }
  }

  /**
   * New identities with their contacts. A connector may name the contact; one that exists is joined only where the platform vouches
   * for who this is: a claimed identity never merges without proof.
   */
  private async withContacts(
    tx: Tx,
    missing: readonly [string, RemoteConversation][],
    now: Date,
  ): Promise<{ identities: Identity[]; contacts: { id: string; name: string }[] }> {
    const named = missing.flatMap(([, { contact }]) => contact.contactId ?? []);
    const taken = await this.contacts.names(tx, named);
    const given = new Set<string>();
    const at = now.toISOString();
    const identities = missing.map(([remoteKey, { accountId, contact }]): Identity => {
      const wanted = contact.contactId;
      const mayJoin = wanted !== undefined && (contact.verified || (!taken.has(wanted) && !given.has(wanted)));
      const contactId = mayJoin ? wanted : newId();
      given.add(contactId);
      return {
        id: newId(),
        contactId,
        accountId,
        remoteId: contact.remoteId,
        remoteKey,
        name: contact.name ?? contact.remoteId.slice(0, 255),
        avatarUrl: contact.avatarUrl ?? null,
        verified: contact.verified,
        createdAt: at,
        updatedAt: at,
      };
    });
    const fresh = new Map(
      identities.filter(({ contactId }) => !taken.has(contactId)).map(({ contactId, name }) => [contactId, name]),
    );
    return { identities, contacts: [...fresh].map(([id, name]) => ({ id, name })) };
  }
}

/** One wish for each place: the last event that names the contact says what it is called. */
function merge(wanted: readonly WantedPlace[]): Map<string, WantedPlace> {
  const merged = new Map<string, WantedPlace>();
  for (const { remote, creates } of wanted) {
    const key = placeKeyOf(remote);
    const before = merged.get(key);
    const contact =
      before?.remote.contact.remoteId === remote.contact.remoteId
        ? { ...before.remote.contact, ...defined(remote.contact) }
        : undefined;
    const first = before?.remote ?? remote;
    merged.set(key, {
      remote: contact ? { ...first, contact } : first,
      creates: creates || (before?.creates ?? false),
    });
  }
  return merged;
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Partial<T>;
}

/** The identity after an event of the same person that says something new of them; null where it says nothing new. */
function renamedBy(identity: Identity, remote: RemoteConversation | undefined, now: Date): Identity | null {
  if (!remote || remote.contact.remoteId !== identity.remoteId) return null;
  const name = remote.contact.name || identity.name;
  const avatarUrl = remote.contact.avatarUrl ?? identity.avatarUrl;
  const verified = identity.verified || remote.contact.verified;
  if (name === identity.name && avatarUrl === identity.avatarUrl && verified === identity.verified) return null;
  return { ...identity, name, avatarUrl, verified, updatedAt: now.toISOString() };
}
