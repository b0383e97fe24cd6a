-- Generated from the schema steps of the apps; do not edit.

-- suite: 20261123-00-bus
CREATE TABLE suite_parked (
  n integer PRIMARY KEY AUTOINCREMENT,
  id char(26) NOT NULL,
  grp varchar(100) NOT NULL,
  topic varchar(200) NOT NULL,
  partition_no integer NOT NULL,
  record_offset varchar(32) NOT NULL,
  event_key text NULL,
  key_hash char(43) NOT NULL,
  event_id char(26) NULL,
  state varchar(10) NOT NULL,
  value text NOT NULL,
  encoding varchar(10) NOT NULL,
  reason varchar(500) NOT NULL,
  attempts integer NOT NULL,
  announced integer NOT NULL,
  replayed integer NOT NULL,
  next_at datetime(3) NULL,
  created_at datetime(3) NOT NULL
);
CREATE UNIQUE INDEX u_suite_parked_id ON suite_parked (id);
CREATE INDEX i_suite_parked_grp_topic_partition_no_state_key_hash_n ON suite_parked (grp, topic, partition_no, state, key_hash, n);

-- suite: 20261123-00-bus-embedded
CREATE TABLE suite_bus_log (
  n integer PRIMARY KEY AUTOINCREMENT,
  topic varchar(200) NOT NULL,
  event_key text NOT NULL,
  id char(26) NOT NULL,
  value text NOT NULL,
  created_at datetime(3) NOT NULL
);
CREATE INDEX i_suite_bus_log_topic_n ON suite_bus_log (topic, n);
CREATE TABLE suite_bus_positions (
  grp varchar(100) NOT NULL,
  topic varchar(200) NOT NULL,
  n integer NOT NULL,
  ahead text NULL,
  PRIMARY KEY (grp, topic)
);
CREATE TABLE suite_bus_meta (
  name varchar(50) NOT NULL,
  value varchar(100) NOT NULL,
  PRIMARY KEY (name)
);

-- connector_email: 20261123-01-connector
CREATE TABLE connector_email_outbound (
  n integer PRIMARY KEY AUTOINCREMENT,
  command_id char(26) NOT NULL,
  kind varchar(10) NOT NULL,
  lane varchar(40) NOT NULL,
  message_id char(26) NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  pending integer NOT NULL DEFAULT 1,
  state varchar(10) NOT NULL,
  command text NOT NULL,
  part integer NOT NULL DEFAULT 1,
  tries integer NOT NULL DEFAULT 0,
  first_tried_at datetime(3) NULL,
  not_before datetime(3) NULL,
  remote_ids text NOT NULL,
  updated_at datetime(3) NOT NULL
);
CREATE UNIQUE INDEX u_connector_email_outbound_command_id ON connector_email_outbound (command_id);
CREATE INDEX i_connector_email_outbound_pending_lane_n ON connector_email_outbound (pending, lane, n);
CREATE INDEX i_connector_email_outbound_pending_updated_at ON connector_email_outbound (pending, updated_at);
CREATE TABLE connector_email_remote_ids (
  remote_key char(43) NOT NULL,
  remote_id varchar(512) NOT NULL,
  message_id char(26) NOT NULL,
  part integer NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (remote_key)
);
CREATE INDEX i_connector_email_remote_ids_message_id_part ON connector_email_remote_ids (message_id, part);
CREATE INDEX i_connector_email_remote_ids_created_at ON connector_email_remote_ids (created_at);
CREATE TABLE connector_email_cursors (
  account_id char(26) NOT NULL,
  cursor_text text NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (account_id)
);
CREATE TABLE connector_email_signed_calls (
  call_key char(43) NOT NULL,
  body_hash char(43) NOT NULL,
  seen_at datetime(3) NOT NULL,
  PRIMARY KEY (call_key)
);
CREATE INDEX i_connector_email_signed_calls_seen_at ON connector_email_signed_calls (seen_at);
CREATE TABLE connector_email_uploads (
  attachment_id char(26) NOT NULL,
  uploader_id char(26) NOT NULL,
  attachment text NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (attachment_id)
);
CREATE INDEX i_connector_email_uploads_created_at ON connector_email_uploads (created_at);

-- connector_webchat: 20261123-01-connector
CREATE TABLE connector_webchat_outbound (
  n integer PRIMARY KEY AUTOINCREMENT,
  command_id char(26) NOT NULL,
  kind varchar(10) NOT NULL,
  lane varchar(40) NOT NULL,
  message_id char(26) NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  pending integer NOT NULL DEFAULT 1,
  state varchar(10) NOT NULL,
  command text NOT NULL,
  part integer NOT NULL DEFAULT 1,
  tries integer NOT NULL DEFAULT 0,
  first_tried_at datetime(3) NULL,
  not_before datetime(3) NULL,
  remote_ids text NOT NULL,
  updated_at datetime(3) NOT NULL
);
CREATE UNIQUE INDEX u_connector_webchat_outbound_command_id ON connector_webchat_outbound (command_id);
CREATE INDEX i_connector_webchat_outbound_pending_lane_n ON connector_webchat_outbound (pending, lane, n);
CREATE INDEX i_connector_webchat_outbound_pending_updated_at ON connector_webchat_outbound (pending, updated_at);
CREATE TABLE connector_webchat_remote_ids (
  remote_key char(43) NOT NULL,
  remote_id varchar(512) NOT NULL,
  message_id char(26) NOT NULL,
  part integer NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (remote_key)
);
CREATE INDEX i_connector_webchat_remote_ids_message_id_part ON connector_webchat_remote_ids (message_id, part);
CREATE INDEX i_connector_webchat_remote_ids_created_at ON connector_webchat_remote_ids (created_at);
CREATE TABLE connector_webchat_cursors (
  account_id char(26) NOT NULL,
  cursor_text text NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (account_id)
);
CREATE TABLE connector_webchat_signed_calls (
  call_key char(43) NOT NULL,
  body_hash char(43) NOT NULL,
  seen_at datetime(3) NOT NULL,
  PRIMARY KEY (call_key)
);
CREATE INDEX i_connector_webchat_signed_calls_seen_at ON connector_webchat_signed_calls (seen_at);
CREATE TABLE connector_webchat_uploads (
  attachment_id char(26) NOT NULL,
  uploader_id char(26) NOT NULL,
  attachment text NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (attachment_id)
);
CREATE INDEX i_connector_webchat_uploads_created_at ON connector_webchat_uploads (created_at);

-- connector_wechat: 20261123-01-connector
CREATE TABLE connector_wechat_outbound (
  n integer PRIMARY KEY AUTOINCREMENT,
  command_id char(26) NOT NULL,
  kind varchar(10) NOT NULL,
  lane varchar(40) NOT NULL,
  message_id char(26) NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  pending integer NOT NULL DEFAULT 1,
  state varchar(10) NOT NULL,
  command text NOT NULL,
  part integer NOT NULL DEFAULT 1,
  tries integer NOT NULL DEFAULT 0,
  first_tried_at datetime(3) NULL,
  not_before datetime(3) NULL,
  remote_ids text NOT NULL,
  updated_at datetime(3) NOT NULL
);
CREATE UNIQUE INDEX u_connector_wechat_outbound_command_id ON connector_wechat_outbound (command_id);
CREATE INDEX i_connector_wechat_outbound_pending_lane_n ON connector_wechat_outbound (pending, lane, n);
CREATE INDEX i_connector_wechat_outbound_pending_updated_at ON connector_wechat_outbound (pending, updated_at);
CREATE TABLE connector_wechat_remote_ids (
  remote_key char(43) NOT NULL,
  remote_id varchar(512) NOT NULL,
  message_id char(26) NOT NULL,
  part integer NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (remote_key)
);
CREATE INDEX i_connector_wechat_remote_ids_message_id_part ON connector_wechat_remote_ids (message_id, part);
CREATE INDEX i_connector_wechat_remote_ids_created_at ON connector_wechat_remote_ids (created_at);
CREATE TABLE connector_wechat_cursors (
  account_id char(26) NOT NULL,
  cursor_text text NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (account_id)
);
CREATE TABLE connector_wechat_signed_calls (
  call_key char(43) NOT NULL,
  body_hash char(43) NOT NULL,
  seen_at datetime(3) NOT NULL,
  PRIMARY KEY (call_key)
);
CREATE INDEX i_connector_wechat_signed_calls_seen_at ON connector_wechat_signed_calls (seen_at);
CREATE TABLE connector_wechat_uploads (
  attachment_id char(26) NOT NULL,
  uploader_id char(26) NOT NULL,
  attachment text NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (attachment_id)
);
CREATE INDEX i_connector_wechat_uploads_created_at ON connector_wechat_uploads (created_at);

-- connector_weibo: 20261123-01-connector
CREATE TABLE connector_weibo_outbound (
  n integer PRIMARY KEY AUTOINCREMENT,
  command_id char(26) NOT NULL,
  kind varchar(10) NOT NULL,
  lane varchar(40) NOT NULL,
  message_id char(26) NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  pending integer NOT NULL DEFAULT 1,
  state varchar(10) NOT NULL,
  command text NOT NULL,
  part integer NOT NULL DEFAULT 1,
  tries integer NOT NULL DEFAULT 0,
  first_tried_at datetime(3) NULL,
  not_before datetime(3) NULL,
  remote_ids text NOT NULL,
  updated_at datetime(3) NOT NULL
);
CREATE UNIQUE INDEX u_connector_weibo_outbound_command_id ON connector_weibo_outbound (command_id);
CREATE INDEX i_connector_weibo_outbound_pending_lane_n ON connector_weibo_outbound (pending, lane, n);
CREATE INDEX i_connector_weibo_outbound_pending_updated_at ON connector_weibo_outbound (pending, updated_at);
CREATE TABLE connector_weibo_remote_ids (
  remote_key char(43) NOT NULL,
  remote_id varchar(512) NOT NULL,
  message_id char(26) NOT NULL,
  part integer NOT NULL,
  attempt integer NOT NULL,
  conversation_id char(26) NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (remote_key)
);
CREATE INDEX i_connector_weibo_remote_ids_message_id_part ON connector_weibo_remote_ids (message_id, part);
CREATE INDEX i_connector_weibo_remote_ids_created_at ON connector_weibo_remote_ids (created_at);
CREATE TABLE connector_weibo_cursors (
  account_id char(26) NOT NULL,
  cursor_text text NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (account_id)
);
CREATE TABLE connector_weibo_signed_calls (
  call_key char(43) NOT NULL,
  body_hash char(43) NOT NULL,
  seen_at datetime(3) NOT NULL,
  PRIMARY KEY (call_key)
);
CREATE INDEX i_connector_weibo_signed_calls_seen_at ON connector_weibo_signed_calls (seen_at);
CREATE TABLE connector_weibo_uploads (
  attachment_id char(26) NOT NULL,
  uploader_id char(26) NOT NULL,
  attachment text NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (attachment_id)
);
CREATE INDEX i_connector_weibo_uploads_created_at ON connector_weibo_uploads (created_at);

-- inbox: 20261123-01-inbox
CREATE TABLE inbox_contacts (
  id char(26) NOT NULL,
  name varchar(255) NOT NULL,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE inbox_identities (
  id char(26) NOT NULL,
  contact_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  remote_id varchar(512) NOT NULL,
  remote_key char(43) NOT NULL,
  name varchar(255) NOT NULL,
  avatar_url text NULL,
  verified integer NOT NULL DEFAULT 0,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX u_inbox_identities_remote_key ON inbox_identities (remote_key);
CREATE INDEX i_inbox_identities_contact_id ON inbox_identities (contact_id);
CREATE TABLE inbox_conversations (
  id char(26) NOT NULL,
  channel varchar(40) NOT NULL,
  account_id char(26) NOT NULL,
  identity_id char(26) NOT NULL,
  contact_id char(26) NOT NULL,
  remote_conversation_id varchar(512) NOT NULL,
  remote_key char(43) NOT NULL,
  status varchar(10) NOT NULL,
  assignee_id char(26) NULL,
  team_id char(26) NULL,
  last_agent_id char(26) NULL,
  assignment_version integer NOT NULL DEFAULT 0,
  priority varchar(10) NOT NULL,
  tags text NOT NULL,
  last_seq integer NOT NULL DEFAULT 0,
  last_message_id char(26) NULL,
  last_message_at datetime(3) NOT NULL,
  last_inbound_remote_id varchar(512) NULL,
  read_seq integer NOT NULL DEFAULT 0,
  unread integer NOT NULL DEFAULT 0,
  waiting_since datetime(3) NULL,
  queued_since datetime(3) NULL,
  snoozed_until datetime(3) NULL,
  session_id char(26) NULL,
  session_started_at datetime(3) NULL,
  session_first_reply_at datetime(3) NULL,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX u_inbox_conversations_remote_key ON inbox_conversations (remote_key);
CREATE INDEX i_inbox_conversations_last_message_at_id ON inbox_conversations (last_message_at, id);
CREATE INDEX i_inbox_conversations_assignee_id_status ON inbox_conversations (assignee_id, status);
CREATE INDEX i_inbox_conversations_team_id_last_message_at ON inbox_conversations (team_id, last_message_at);
CREATE INDEX i_inbox_conversations_account_id_last_message_at ON inbox_conversations (account_id, last_message_at);
CREATE INDEX i_inbox_conversations_status_snoozed_until ON inbox_conversations (status, snoozed_until);
CREATE TABLE inbox_messages (
  id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  seq integer NOT NULL,
  direction varchar(10) NOT NULL,
  author_type varchar(10) NOT NULL,
  author_id varchar(64) NULL,
  author_name varchar(255) NOT NULL,
  content text NOT NULL,
  text text NOT NULL,
  state varchar(10) NOT NULL,
  error text NULL,
  attempt integer NOT NULL DEFAULT 1,
  failed_part integer NULL,
  remote_id varchar(512) NULL,
  remote_ids text NOT NULL,
  client_id varchar(64) NULL,
  dedupe_key char(43) NULL,
  is_public integer NOT NULL DEFAULT 1,
  recalled_at datetime(3) NULL,
  session_id char(26) NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX u_inbox_messages_conversation_id_seq ON inbox_messages (conversation_id, seq);
CREATE UNIQUE INDEX u_inbox_messages_dedupe_key ON inbox_messages (dedupe_key);
CREATE INDEX i_inbox_messages_created_at ON inbox_messages (created_at);
CREATE TABLE inbox_remote_ids (
  remote_key char(43) NOT NULL,
  message_id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  PRIMARY KEY (remote_key)
);
CREATE INDEX i_inbox_remote_ids_message_id ON inbox_remote_ids (message_id);
CREATE TABLE inbox_waiting_receipts (
  id char(26) NOT NULL,
  remote_key char(43) NOT NULL,
  receipt text NOT NULL,
  expires_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_waiting_receipts_remote_key ON inbox_waiting_receipts (remote_key);
CREATE INDEX i_inbox_waiting_receipts_expires_at ON inbox_waiting_receipts (expires_at);
CREATE TABLE inbox_sessions (
  id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  started_at datetime(3) NOT NULL,
  first_reply_at datetime(3) NULL,
  first_reply_agent_id char(26) NULL,
  ended_at datetime(3) NULL,
  end_reason varchar(20) NULL,
  category varchar(64) NULL,
  ended_by char(26) NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_sessions_conversation_id_started_at ON inbox_sessions (conversation_id, started_at);
CREATE INDEX i_inbox_sessions_started_at ON inbox_sessions (started_at);
CREATE TABLE inbox_segments (
  id char(26) NOT NULL,
  session_id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  agent_id char(26) NOT NULL,
  started_at datetime(3) NOT NULL,
  ended_at datetime(3) NULL,
  end_reason varchar(20) NULL,
  first_reply_at datetime(3) NULL,
  over_capacity integer NOT NULL DEFAULT 0,
  assigned_by varchar(64) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_segments_conversation_id_ended_at ON inbox_segments (conversation_id, ended_at);
CREATE INDEX i_inbox_segments_agent_id_started_at ON inbox_segments (agent_id, started_at);
CREATE INDEX i_inbox_segments_session_id ON inbox_segments (session_id);
CREATE TABLE inbox_decisions (
  id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  type varchar(20) NOT NULL,
  agent_id char(26) NULL,
  by_id char(26) NULL,
  reason text NOT NULL,
  assignment_version integer NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_decisions_conversation_id_created_at ON inbox_decisions (conversation_id, created_at);
CREATE TABLE inbox_offers (
  id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  agent_id char(26) NOT NULL,
  assignment_version integer NOT NULL,
  state varchar(10) NOT NULL,
  expires_at datetime(3) NOT NULL,
  created_at datetime(3) NOT NULL,
  ended_at datetime(3) NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_offers_conversation_id_state ON inbox_offers (conversation_id, state);
CREATE INDEX i_inbox_offers_agent_id_state ON inbox_offers (agent_id, state);
CREATE TABLE inbox_windows (
  id char(26) NOT NULL,
  conversation_id char(26) NOT NULL,
  opened_by varchar(64) NOT NULL,
  opened_at datetime(3) NOT NULL,
  expires_at datetime(3) NOT NULL,
  total integer NULL,
  spent integer NOT NULL DEFAULT 0,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_windows_conversation_id_expires_at ON inbox_windows (conversation_id, expires_at);
CREATE TABLE inbox_window_spends (
  message_id char(26) NOT NULL,
  attempt integer NOT NULL,
  window_id char(26) NOT NULL,
  amount integer NOT NULL,
  refunded integer NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, attempt, window_id)
);
CREATE TABLE inbox_agents (
  id char(26) NOT NULL,
  username varchar(64) NOT NULL,
  name varchar(64) NOT NULL,
  password_hash varchar(255) NOT NULL,
  role varchar(10) NOT NULL,
  capacity integer NOT NULL,
  disabled integer NOT NULL DEFAULT 0,
  presence varchar(10) NOT NULL,
  presence_reason varchar(200) NULL,
  presence_since datetime(3) NOT NULL,
  had_socket integer NOT NULL DEFAULT 0,
  socket_lost_at datetime(3) NULL,
  gone integer NOT NULL DEFAULT 0,
  revision integer NOT NULL DEFAULT 1,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX u_inbox_agents_username ON inbox_agents (username);
CREATE TABLE inbox_tokens (
  token_hash char(43) NOT NULL,
  agent_id char(26) NOT NULL,
  created_at datetime(3) NOT NULL,
  expires_at datetime(3) NOT NULL,
  PRIMARY KEY (token_hash)
);
CREATE INDEX i_inbox_tokens_agent_id ON inbox_tokens (agent_id);
CREATE TABLE inbox_tickets (
  ticket_hash char(43) NOT NULL,
  purpose varchar(20) NOT NULL,
  subject_id char(26) NOT NULL,
  agent_id char(26) NULL,
  token_hash char(43) NULL,
  expires_at datetime(3) NOT NULL,
  PRIMARY KEY (ticket_hash)
);
CREATE INDEX i_inbox_tickets_expires_at ON inbox_tickets (expires_at);
CREATE TABLE inbox_sockets (
  id char(26) NOT NULL,
  agent_id char(26) NOT NULL,
  process_id char(26) NOT NULL,
  seen_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_sockets_agent_id ON inbox_sockets (agent_id);
CREATE INDEX i_inbox_sockets_process_id ON inbox_sockets (process_id);
CREATE TABLE inbox_teams (
  id char(26) NOT NULL,
  name varchar(64) NOT NULL,
  accept_seconds integer NULL,
  own_only integer NOT NULL DEFAULT 0,
  revision integer NOT NULL DEFAULT 1,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE inbox_team_agents (
  team_id char(26) NOT NULL,
  agent_id char(26) NOT NULL,
  PRIMARY KEY (team_id, agent_id)
);
CREATE INDEX i_inbox_team_agents_agent_id ON inbox_team_agents (agent_id);
CREATE TABLE inbox_team_accounts (
  team_id char(26) NOT NULL,
  account_id char(26) NOT NULL,
  PRIMARY KEY (team_id, account_id)
);
CREATE INDEX i_inbox_team_accounts_account_id ON inbox_team_accounts (account_id);
CREATE TABLE inbox_accounts (
  id char(26) NOT NULL,
  channel varchar(40) NOT NULL,
  name varchar(100) NOT NULL,
  config text NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  deleted_at datetime(3) NULL,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_accounts_channel ON inbox_accounts (channel);
CREATE TABLE inbox_attachments (
  id char(26) NOT NULL,
  name varchar(255) NOT NULL,
  mime varchar(127) NOT NULL,
  size integer NOT NULL,
  storage_name varchar(64) NOT NULL,
  uploader_type varchar(10) NOT NULL,
  uploader_id char(26) NOT NULL,
  used_in char(26) NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_attachments_used_in ON inbox_attachments (used_in);
CREATE INDEX i_inbox_attachments_created_at ON inbox_attachments (created_at);
CREATE TABLE inbox_dlq (
  id char(26) NOT NULL,
  topic varchar(200) NOT NULL,
  event_key text NULL,
  partition_no integer NOT NULL,
  record_offset varchar(32) NOT NULL,
  consumer varchar(100) NOT NULL,
  reason varchar(500) NOT NULL,
  attempts integer NOT NULL,
  state varchar(10) NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX i_inbox_dlq_created_at_id ON inbox_dlq (created_at, id);

-- routing: 20261123-01-routing
CREATE TABLE routing_entities (
  kind varchar(10) NOT NULL,
  entity_id char(26) NOT NULL,
  data text NOT NULL,
  PRIMARY KEY (kind, entity_id)
);
CREATE TABLE routing_epoch (
  id integer NOT NULL,
  epoch integer NOT NULL,
  owner char(26) NOT NULL,
  beat_at datetime(3) NOT NULL,
  PRIMARY KEY (id)
);

-- suite: 20261123-01-handled
CREATE TABLE suite_handled (
  group_name varchar(100) NOT NULL,
  event_id char(26) NOT NULL,
  handled_at datetime(3) NOT NULL,
  PRIMARY KEY (group_name, event_id)
);
CREATE INDEX i_suite_handled_handled_at ON suite_handled (handled_at);

-- suite: 20261123-01-leases
CREATE TABLE suite_leases (
  name varchar(190) NOT NULL,
  owner varchar(64) NOT NULL,
  fence integer NOT NULL,
  expires_at datetime(3) NOT NULL,
  PRIMARY KEY (name)
);

-- suite: 20261123-01-outbox
CREATE TABLE suite_outbox (
  n integer PRIMARY KEY AUTOINCREMENT,
  id char(26) NOT NULL,
  topic varchar(200) NOT NULL,
  event_key varchar(1100) NOT NULL,
  shard integer NOT NULL,
  value text NOT NULL,
  created_at datetime(3) NOT NULL
);
CREATE INDEX i_suite_outbox_shard_n ON suite_outbox (shard, n);

-- inbox: 20261127-01-threads
CREATE TABLE inbox_thread_links (
  link_key char(43) NOT NULL,
  conversation_id char(26) NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (link_key)
);
CREATE TABLE inbox_message_references (
  message_id char(26) NOT NULL,
  refs text NOT NULL,
  PRIMARY KEY (message_id)
);

-- inbox: 20261127-02-contacts
CREATE INDEX i_inbox_conversations_contact_id ON inbox_conversations (contact_id);

-- inbox: 20261127-03-messages
DROP INDEX i_inbox_messages_created_at;

-- suite: 20261128-01-outbox
DROP INDEX i_suite_outbox_shard_n;
CREATE INDEX i_suite_outbox_shard_n ON suite_outbox (shard, n, id);
