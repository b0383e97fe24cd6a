import { createHash } from 'node:crypto';
import { type Opaque, opaqueId } from '@huiliu/connector-kit';
import { messageIdFor, type OwnMessageId, readOwnMessageId, readPlusToken } from './mime/message-ids';

/** A Message-ID with its brackets, verbatim. */
export type RemoteMessageId = Opaque<'Message-ID'>;
export const remoteMessageId = (id: string): RemoteMessageId => opaqueId(id, 'Message-ID');

/** What the kit derives an account's keys for: the tags by which we know our own Message-IDs and reply addresses again. */
export const ID_PURPOSE = 'mail ids';

/** The id of a mail whose source cannot be read, or was not given: always the same for the same mail. */
export function idOfSource(source: Buffer | string): RemoteMessageId {
  return remoteMessageId(`<${createHash('sha256').update(source).digest('hex')}@unread.invalid>`);
}

/** Our own ids: the first key makes them, any may have made those that come back. */
export class OwnIds {
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly address: string,
  ) {}

  get secret(): Buffer {
    const [first] = this.keys;
    if (first === undefined) throw new Error('no key');
    return first;
  }

  /** The Message-ID of a mail that we send: the same for every attempt at the same part. */
  messageId(part: { readonly key: string; readonly conversationId: string }): RemoteMessageId {
    const domain = this.address.slice(this.address.lastIndexOf('@') + 1);
    return remoteMessageId(messageIdFor({ ...part, domain, secret: this.secret }));
  }

  read(id: string): OwnMessageId | null {
    return this.firstOf((secret) => readOwnMessageId(id, secret));
  }

  /** The conversation that one of these addresses was made for. */
  conversationOf(addresses: readonly string[]): string | null {
    return this.firstOf((secret) => readPlusToken(addresses, this.address, secret));
  }

  private firstOf<T>(read: (secret: Buffer) => T | null): T | null {
    for (const key of this.keys) {
      const found = read(key);
      if (found !== null) return found;
    }
    return null;
  }
}
