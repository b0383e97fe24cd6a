import { createIndex, createTables, dropIndex, type SchemaModule, type Table } from '@huiliu/storage';

const contacts: Table = {
  name: 'inbox_contacts',
  columns: {
    id: { type: 'id' },
    name: { type: 'str(255)' },
    created_at: { type: 'time' },
    updated_at: { type: 'time' },
  },
  primary: ['id'],
};

/** A contact's id on one account; `remote_key` is the dedupe key of (account, remote id, 'identity'). */
const identities: Table = {
  name: 'inbox_identities',
  columns: {
    id: { type: 'id' },
    contact_id: { type: 'id' },
    account_id: { type: 'id' },
    remote_id: { type: 'str(512)' },
    remote_key: { type: 'key43' },
    name: { type: 'str(255)' },
    avatar_url: { type: 'text', nullable: true },
    verified: { type: 'bool', default: 0 },
    created_at: { type: 'time' },
    updated_at: { type: 'time' },
  },
  primary: ['id'],
  unique: [['remote_key']],
  index: [['contact_id']],
};

/** `remote_key` is the dedupe key of (account, remote conversation id, 'conversation'); `last_seq` gives messages their `seq`. */
const conversations: Table = {
  name: 'inbox_conversations',
  columns: {
    id: { type: 'id' },
    channel: { type: 'str(40)' },
    account_id: { type: 'id' },
    identity_id: { type: 'id' },
    contact_id: { type: 'id' },
    remote_conversation_id: { type: 'str(512)' },
    remote_key: { type: 'key43' },
    status: { type: 'str(10)' },
    assignee_id: { type: 'id', nullable: true },
    team_id: { type: 'id', nullable: true },
    last_agent_id: { type: 'id', nullable: true },
    assignment_version: { type: 'int', default: 0 },
    priority: { type: 'str(10)' },
    tags: { type: 'text' },
    last_seq: { type: 'int', default: 0 },
    last_message_id: { type: 'id', nullable: true },
    last_message_at: { type: 'time' },
    last_inbound_remote_id: { type: 'str(512)', nullable: true },
    read_seq: { type: 'int', default: 0 },
    unread: { type: 'int', default: 0 },
    waiting_since: { type: 'time', nullable: true },
    queued_since: { type: 'time', nullable: true },
    snoozed_until: { type: 'time', nullable: true },
    session_id: { type: 'id', nullable: true },
    session_started_at: { type: 'time', nullable: true },
    session_first_reply_at: { type: 'time', nullable: true },
    created_at: { type: 'time' },
    updated_at: { type: 'time' },
  },
  primary: ['id'],
  unique: [['remote_key']],
  index: [
    ['last_message_at', 'id'],
    ['assignee_id', 'status'],
    ['team_id', 'last_message_at'],
    ['account_id', 'last_message_at'],
    ['status', 'snoozed_until'],
  ],
};

/**
 * `dedupe_key` is set where a platform named the message by another name than its `id`: nothing is shown twice. A clientId is deduplicated by
 * the derived `id`.
 */
const messages: Table = {
  name: 'inbox_messages',
  columns: {
    id: { type: 'id' },
    conversation_id: { type: 'id' },
    seq: { type: 'int' },
    direction: { type: 'str(10)' },
    author_type: { type: 'str(10)' },
    author_id: { type: 'str(64)', nullable: true },
    author_name: { type: 'str(255)' },
    content: { type: 'text' },
    text: { type: 'text' },
    state: { type: 'str(10)' },
    error: { type: 'text', nullable: true },
    attempt: { type: 'int', default: 1 },
    failed_part: { type: 'int', nullable: true },
    remote_id: { type: 'str(512)', nullable: true },
    remote_ids: { type: 'text' },
    client_id: { type: 'str(64)', nullable: true },
    dedupe_key: { type: 'key43', nullable: true },
    is_public: { type: 'bool', default: 1 },
    recalled_at: { type: 'time', nullable: true },
    session_id: { type: 'id', nullable: true },
    created_at: { type: 'time' },
  },
  primary: ['id'],
  unique: [['conversation_id', 'seq'], ['dedupe_key']],
  index: [['created_at']],
};

/** Remote ids of what we sent (each part of a split text), to find the message that a receipt speaks of. */
const remoteIds: Table = {
  name: 'inbox_remote_ids',
  columns: { remote_key: { type: 'key43' }, message_id: { type: 'id' }, conversation_id: { type: 'id' } },
  primary: ['remote_key'],
  index: [['message_id']],
};

/** Receipts for remote ids nobody knows yet: they wait ten minutes, then are shown. */
const waitingReceipts: Table = {
  name: 'inbox_waiting_receipts',
  columns: {
    id: { type: 'id' },
    remote_key: { type: 'key43' },
    receipt: { type: 'text' },
    expires_at: { type: 'time' },
  },
  primary: ['id'],
  index: [['remote_key'], ['expires_at']],
};

const sessions: Table = {
  name: 'inbox_sessions',
  columns: {
    id: { type: 'id' },
    conversation_id: { type: 'id' },
    account_id: { type: 'id' },
    started_at: { type: 'time' },
    first_reply_at: { type: 'time', nullable: true },
    first_reply_agent_id: { type: 'id', nullable: true },
    ended_at: { type: 'time', nullable: true },
    end_reason: { type: 'str(20)', nullable: true },
    category: { type: 'str(64)', nullable: true },
    ended_by: { type: 'id', nullable: true },
  },
  primary: ['id'],
  index: [['conversation_id', 'started_at'], ['started_at']],
};

const segments: Table = {
  name: 'inbox_segments',
  columns: {
    id: { type: 'id' },
    session_id: { type: 'id' },
    conversation_id: { type: 'id' },
    agent_id: { type: 'id' },
    started_at: { type: 'time' },
    ended_at: { type: 'time', nullable: true },
    end_reason: { type: 'str(20)', nullable: true },
    first_reply_at: { type: 'time', nullable: true },
    over_capacity: { type: 'bool', default: 0 },
    assigned_by: { type: 'str(64)' },
  },
  primary: ['id'],
  index: [['conversation_id', 'ended_at'], ['agent_id', 'started_at'], ['session_id']],
};

const decisions: Table = {
  name: 'inbox_decisions',
  columns: {
    id: { type: 'id' },
    conversation_id: { type: 'id' },
    type: { type: 'str(20)' },
    agent_id: { type: 'id', nullable: true },
    by_id: { type: 'id', nullable: true },
    reason: { type: 'text' },
    assignment_version: { type: 'int' },
    created_at: { type: 'time' },
  },
  primary: ['id'],
  index: [['conversation_id', 'created_at']],
};

const offers: Table = {
  name: 'inbox_offers',
  columns: {
    id: { type: 'id' },
    conversation_id: { type: 'id' },
    agent_id: { type: 'id' },
    assignment_version: { type: 'int' },
    state: { type: 'str(10)' },
    expires_at: { type: 'time' },
    created_at: { type: 'time' },
    ended_at: { type: 'time', nullable: true },
  },
  primary: ['id'],
  index: [
    ['conversation_id', 'state'],
    ['agent_id', 'state'],
  ],
};

/** The reply-window ledger: one row for each window that a customer's act opened. `total` null: unlimited. */
const windows: Table = {
  name: 'inbox_windows',
  columns: {
    id: { type: 'id' },
    conversation_id: { type: 'id' },
    opened_by: { type: 'str(64)' },
    opened_at: { type: 'time' },
    expires_at: { type: 'time' },
    total: { type: 'int', nullable: true },
    spent: { type: 'int', default: 0 },
  },
  primary: ['id'],
  index: [['conversation_id', 'expires_at']],
};

/** What a message has taken from which window, to be refunded on a certain refusal. */
const windowSpends: Table = {
  name: 'inbox_window_spends',
  columns: {
    message_id: { type: 'id' },
    attempt: { type: 'int' },
    window_id: { type: 'id' },
    amount: { type: 'int' },
    refunded: { type: 'bool', default: 0 },
  },
  primary: ['message_id', 'attempt', 'window_id'],
};

const agents: Table = {
  name: 'inbox_agents',
  columns: {
    id: { type: 'id' },
    username: { type: 'str(64)' },
    name: { type: 'str(64)' },
    password_hash: { type: 'str(255)' },
    role: { type: 'str(10)' },
    capacity: { type: 'int' },
    disabled: { type: 'bool', default: 0 },
    presence: { type: 'str(10)' },
    presence_reason: { type: 'str(200)', nullable: true },
    presence_since: { type: 'time' },
    /** 1 since a socket was open: losing the last one then counts as leaving. */
    had_socket: { type: 'bool', default: 0 },
    /** When the last socket was lost; null while there is one or there never was. */
    socket_lost_at: { type: 'time', nullable: true },
    gone: { type: 'bool', default: 0 },
    revision: { type: 'int', default: 1 },
    created_at: { type: 'time' },
    updated_at: { type: 'time' },
  },
  primary: ['id'],
  unique: [['username']],
};

/** Login tokens: only their SHA-256 is kept. */
const tokens: Table = {
  name: 'inbox_tokens',
  columns: {
    token_hash: { type: 'key43' },
    agent_id: { type: 'id' },
    created_at: { type: 'time' },
    expires_at: { type: 'time' },
  },
  primary: ['token_hash'],
  index: [['agent_id']],
};

/** One-use tickets for sockets and downloads, shared by all processes. */
const tickets: Table = {
  name: 'inbox_tickets',
  columns: {
    ticket_hash: { type: 'key43' },
    purpose: { type: 'str(20)' },
    subject_id: { type: 'id' },
    agent_id: { type: 'id', nullable: true },
    token_hash: { type: 'key43', nullable: true },
    expires_at: { type: 'time' },
  },
  primary: ['ticket_hash'],
  index: [['expires_at']],
};

/** Open sockets per process, to know when an agent has lost the last. */
const sockets: Table = {
  name: 'inbox_sockets',
  columns: { id: { type: 'id' }, agent_id: { type: 'id' }, process_id: { type: 'id' }, seen_at: { type: 'time' } },
  primary: ['id'],
  index: [['agent_id'], ['process_id']],
};

const teams: Table = {
  name: 'inbox_teams',
  columns: {
    id: { type: 'id' },
    name: { type: 'str(64)' },
    accept_seconds: { type: 'int', nullable: true },
    own_only: { type: 'bool', default: 0 },
    revision: { type: 'int', default: 1 },
    created_at: { type: 'time' },
    updated_at: { type: 'time' },
  },
  primary: ['id'],
};
const teamAgents: Table = {
  name: 'inbox_team_agents',
  columns: { team_id: { type: 'id' }, agent_id: { type: 'id' } },
  primary: ['team_id', 'agent_id'],
  index: [['agent_id']],
};
const teamAccounts: Table = {
  name: 'inbox_team_accounts',
  columns: { team_id: { type: 'id' }, account_id: { type: 'id' } },
  primary: ['team_id', 'account_id'],
  index: [['account_id']],
};

/** `config` holds secrets encrypted (`enc:…`). */
const accounts: Table = {
  name: 'inbox_accounts',
  columns: {
    id: { type: 'id' },
    channel: { type: 'str(40)' },
    name: { type: 'str(100)' },
    config: { type: 'text' },
    revision: { type: 'int', default: 1 },
    deleted_at: { type: 'time', nullable: true },
    created_at: { type: 'time' },
    updated_at: { type: 'time' },
  },
  primary: ['id'],
  index: [['channel']],
};

/** Files: `storage_name` is random; `used_in` the conversation that may see it, null until a message uses it. */
const attachments: Table = {
  name: 'inbox_attachments',
  columns: {
    id: { type: 'id' },
    name: { type: 'str(255)' },
    mime: { type: 'str(127)' },
    size: { type: 'big' },
    storage_name: { type: 'str(64)' },
    uploader_type: { type: 'str(10)' },
    uploader_id: { type: 'id' },
    used_in: { type: 'id', nullable: true },
    created_at: { type: 'time' },
  },
  primary: ['id'],
  index: [['used_in'], ['created_at']],
};

/** What consumers could not handle, as their DLQ topics tell it. */
const dlq: Table = {
  name: 'inbox_dlq',
  columns: {
    id: { type: 'id' },
    topic: { type: 'str(200)' },
    event_key: { type: 'text', nullable: true },
    partition_no: { type: 'int' },
    record_offset: { type: 'str(32)' },
    consumer: { type: 'str(100)' },
    reason: { type: 'str(500)' },
    attempts: { type: 'int' },
    state: { type: 'str(10)' },
    created_at: { type: 'time' },
  },
  primary: ['id'],
  index: [['created_at', 'id']],
};

/**
 * Where mails of one sender belong that name a mail: `link_key` is over account, the mail's remote id and the sender. It holds together what one
 * customer writes when the mail in between was never seen, comes later, or is being stored by another process.
 */
const threadLinks: Table = {
  name: 'inbox_thread_links',
  columns: { link_key: { type: 'key43' }, conversation_id: { type: 'id' }, created_at: { type: 'time' } },
  primary: ['link_key'],
};

/** The remote ids that a mail names as the chain before it, the oldest first (JSON): an answer repeats them. */
const messageReferences: Table = {
  name: 'inbox_message_references',
  columns: { message_id: { type: 'id' }, refs: { type: 'text' } },
  primary: ['message_id'],
};

const FIRST_TABLES: readonly Table[] = [
  contacts,
  identities,
  conversations,
  messages,
  remoteIds,
  waitingReceipts,
  sessions,
  segments,
  decisions,
  offers,
  windows,
  windowSpends,
  agents,
  tokens,
  tickets,
  sockets,
  teams,
  teamAgents,
  teamAccounts,
  accounts,
  attachments,
  dlq,
];

export const INBOX_SCHEMA: SchemaModule = {
  prefix: 'inbox',
  steps: [
    createTables('20261123-01-inbox', FIRST_TABLES),
    createTables('20261127-01-threads', [threadLinks, messageReferences]),
    // What else one customer has going on.
    createIndex('20261127-02-contacts', conversations, ['contact_id']),
    // Nobody asks for messages by their time alone.
    dropIndex('20261127-03-messages', messages, ['created_at']),
  ],
};
