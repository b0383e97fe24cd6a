import { createTables, type SchemaModule, type Table } from '@huiliu/storage';

/** Commands as they came in, until 8 days after they ended: the same (message, attempt) is sent once. `n` is the order. */
function outbound(prefix: string): Table {
  return {
    name: `${prefix}_outbound`,
    columns: {
      n: { type: 'big', auto: true },
      command_id: { type: 'id' },
      kind: { type: 'str(10)' },
      lane: { type: 'str(40)' },
      message_id: { type: 'id' },
      attempt: { type: 'int' },
      conversation_id: { type: 'id' },
      account_id: { type: 'id' },
      /** 1 until it has ended. */
      pending: { type: 'bool', default: 1 },
      /** queued, sending, done, failed, unknown. */
      state: { type: 'str(10)' },
      command: { type: 'text' },
      /** The part that is next. */
      part: { type: 'int', default: 1 },
      tries: { type: 'int', default: 0 },
      first_tried_at: { type: 'time', nullable: true },
      not_before: { type: 'time', nullable: true },
      remote_ids: { type: 'text' },
      updated_at: { type: 'time' },
    },
    primary: ['n'],
    unique: [['command_id']],
    index: [
      ['pending', 'lane', 'n'],
      ['pending', 'updated_at'],
    ],
  };
}

/** What the platform calls what we sent, to know its echo and its receipts. `remote_key`: the dedupe key of (account, remote id, 'sent'). */
function remoteIds(prefix: string): Table {
  return {
    name: `${prefix}_remote_ids`,
    columns: {
      remote_key: { type: 'key43' },
      remote_id: { type: 'str(512)' },
      message_id: { type: 'id' },
      part: { type: 'int' },
      attempt: { type: 'int' },
      conversation_id: { type: 'id' },
      created_at: { type: 'time' },
    },
    primary: ['remote_key'],
    index: [['message_id', 'part'], ['created_at']],
  };
}

/** How far an account has been read. Written by the holder of the account's lease. */
function cursors(prefix: string): Table {
  return {
    name: `${prefix}_cursors`,
    columns: { account_id: { type: 'id' }, cursor_text: { type: 'text' }, updated_at: { type: 'time' } },
    primary: ['account_id'],
  };
}

/** Signed calls of the last half hour, shared by the app's processes: a signature covers one body only. */
function calls(prefix: string): Table {
  return {
    name: `${prefix}_signed_calls`,
    columns: { call_key: { type: 'key43' }, body_hash: { type: 'key43' }, seen_at: { type: 'time' } },
    primary: ['call_key'],
    index: [['seen_at']],
  };
}

/** Files that a connector handed to the inbox for someone: whose they are is known here, so that writing needs no inbox. */
function uploads(prefix: string): Table {
  return {
    name: `${prefix}_uploads`,
    columns: {
      attachment_id: { type: 'id' },
      uploader_id: { type: 'id' },
      attachment: { type: 'text' },
      created_at: { type: 'time' },
    },
    primary: ['attachment_id'],
    index: [['created_at']],
  };
}

/** The tables that a connector host needs; `prefix` is its app's name with underscores. */
export function connectorSchema(prefix: string): SchemaModule {
  return {
    prefix,
    steps: [
      createTables('20261123-01-connector', [
        outbound(prefix),
        remoteIds(prefix),
        cursors(prefix),
        calls(prefix),
        uploads(prefix),
      ]),
    ],
  };
}
