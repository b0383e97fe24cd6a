import { Injectable } from '@nestjs/common';
import { fromDbTime, toDbTime, type Queryable, type Row, type SqlValue, type Tx } from '@huiliu/storage';
import { marks, textOrNull } from '../conversations/sql';

const COLUMNS = [
  'id',
  'contact_id',
  'account_id',
  'remote_id',
  'remote_key',
  'name',
  'avatar_url',
  'verified',
  'created_at',
  'updated_at',
];

/** A contact's id on one account, as it is stored; times are ISO-8601. */
export interface Identity {
  readonly id: string;
  readonly contactId: string;
  readonly accountId: string;
  readonly remoteId: string;
  readonly remoteKey: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly verified: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** An existing conversation with whom it is with. */
export interface KnownPlace {
  readonly conversationId: string;
  readonly contactName: string;
  readonly identity: Identity;
}

/** Contacts and their identities. */
@Injectable()
export class ContactsRepository {
  /** Conversations by their remote keys, or by their ids, with identity and contact. */
  async places(
    q: Queryable,
    keys: readonly string[],
    by: 'remote_key' | 'id' = 'remote_key',
  ): Promise<Map<string, KnownPlace>> {
    if (keys.length === 0) return new Map();
    const rows = await q.query(
      `SELECT c.${by} AS place_key, c.id AS conversation_id, ct.name AS contact_name, ${COLUMNS.map((column) => `i.${column} AS ${column}`).join(', ')}
       FROM inbox_conversations c JOIN inbox_identities i ON i.id = c.identity_id JOIN inbox_contacts ct ON ct.id = c.contact_id
       WHERE c.${by} IN (${marks(keys)})`,
      keys,
    );
    return new Map(
      rows.map((row) => [
        String(row.place_key),
        {
          conversationId: String(row.conversation_id),
          contactName: String(row.contact_name),
          identity: identityOfRow(row),
        },
      ]),
    );
  }

  async identities(q: Queryable, remoteKeys: readonly string[]): Promise<Map<string, Identity>> {
    if (remoteKeys.length === 0) return new Map();
    const rows = await q.query(
      `SELECT ${COLUMNS.join(', ')} FROM inbox_identities WHERE remote_key IN (${marks(remoteKeys)})`,
      remoteKeys,
    );
    return new Map(rows.map(identityOfRow).map((identity) => [identity.remoteKey, identity]));
  }

  /** Names of contacts by id. */
  async names(q: Queryable, contactIds: readonly string[]): Promise<Map<string, string>> {
    if (contactIds.length === 0) return new Map();
    const rows = await q.query(`SELECT id, name FROM inbox_contacts WHERE id IN (${marks(contactIds)})`, contactIds);
    return new Map(rows.map((row) => [String(row.id), String(row.name)]));
  }

  async insertIdentities(tx: Tx, identities: readonly Identity[]): Promise<void> {
    if (identities.length > 0) await tx.insertMany('inbox_identities', COLUMNS, identities.map(rowOf));
  }

  async insertContacts(tx: Tx, contacts: readonly { id: string; name: string }[], now: Date): Promise<void> {
    const at = toDbTime(now);
    const rows = contacts.map(({ id, name }) => [id, name, at, at]);
    if (rows.length > 0) await tx.insertMany('inbox_contacts', ['id', 'name', 'created_at', 'updated_at'], rows);
  }

  /** Writes what identities and their contacts are called now. */
  async rename(tx: Tx, identities: readonly Identity[], now: Date): Promise<void> {
    if (identities.length === 0) return;
    await tx.upsertMany(
      'inbox_identities',
      COLUMNS,
      identities.map(rowOf),
      ['id'],
      ['contact_id', 'name', 'avatar_url', 'verified', 'updated_at'],
    );
    const at = toDbTime(now);
    const names = new Map(identities.map((identity) => [identity.contactId, identity.name]));
    const rows = [...names].map(([id, name]) => [id, name, at, at]);
    await tx.upsertMany(
      'inbox_contacts',
      ['id', 'name', 'created_at', 'updated_at'],
      rows,
      ['id'],
      ['name', 'updated_at'],
    );
  }
}

function identityOfRow(row: Row): Identity {
  return {
    id: String(row.id),
    contactId: String(row.contact_id),
    accountId: String(row.account_id),
    remoteId: String(row.remote_id),
    remoteKey: String(row.remote_key),
    name: String(row.name),
    avatarUrl: textOrNull(row.avatar_url),
    verified: Number(row.verified) === 1,
    createdAt: fromDbTime(String(row.created_at)),
    updatedAt: fromDbTime(String(row.updated_at)),
  };
}

function rowOf(identity: Identity): SqlValue[] {
  return [
    identity.id,
    identity.contactId,
    identity.accountId,
    identity.remoteId,
    identity.remoteKey,
    identity.name,
    identity.avatarUrl,
    identity.verified ? 1 : 0,
    toDbTime(identity.createdAt),
    toDbTime(identity.updatedAt),
  ];
}
