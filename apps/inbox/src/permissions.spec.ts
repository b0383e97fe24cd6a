import { newId } from '@huiliu/platform';
import { isErrorBody } from '@huiliu/testing';
import { InboxModule } from './inbox.module';
import { buildInboxOpenApi } from './openapi/inbox-openapi';
import { EdgesApp, type Person } from './testing/edges-app';
import { HOOK_CHANNEL, messageOf } from './testing/facts';

/** Who asks, and what each may expect: `ok` is whatever is none of 401, 403 and 404. */
const ASKERS = ['nobody', 'outsider', 'supervisor', 'insider', 'admin'] as const;
type Expected = Readonly<Record<(typeof ASKERS)[number], number | 'ok'>>;

const EVERYONE: Expected = { nobody: 401, outsider: 'ok', supervisor: 'ok', insider: 'ok', admin: 'ok' };
const ADMINS: Expected = { nobody: 401, outsider: 403, supervisor: 403, insider: 403, admin: 'ok' };
const SUPERVISORS: Expected = { ...ADMINS, supervisor: 'ok' };
/** Outsider and supervisor are in another team than the conversation. */
const IN_SIGHT: Expected = { nobody: 401, outsider: 404, supervisor: 404, insider: 'ok', admin: 'ok' };
const OFFERED: Expected = { nobody: 401, outsider: 404, supervisor: 404, insider: 'ok', admin: 404 };

const MATRIX: Readonly<Record<string, Expected>> = {
  'POST /auth/login': { nobody: 'ok', outsider: 'ok', supervisor: 'ok', insider: 'ok', admin: 'ok' },
  'GET /agents': EVERYONE,
  'GET /agents/me': EVERYONE,
  'PUT /agents/me/presence': EVERYONE,
  'POST /ws-ticket': EVERYONE,
  'GET /teams': EVERYONE,
  'GET /accounts': EVERYONE,
  'GET /accounts/{id}': EVERYONE,
  'GET /channels': EVERYONE,
  'GET /conversations': EVERYONE,
  'POST /attachments': EVERYONE,
  'POST /agents': ADMINS,
  'PUT /agents/{id}': ADMINS,
  'POST /teams': ADMINS,
  'PUT /teams/{id}': ADMINS,
  'POST /accounts': ADMINS,
  'PUT /accounts/{id}': ADMINS,
  'POST /accounts/{id}/check': ADMINS,
  'DELETE /accounts/{id}': ADMINS,
  'GET /dlq': SUPERVISORS,
  'POST /dlq/{id}/replay': ADMINS,
  'POST /dlq/{id}/discard': ADMINS,
  'GET /attachments/{id}': IN_SIGHT,
  'POST /attachments/{id}/ticket': IN_SIGHT,
  'GET /conversations/{id}': IN_SIGHT,
  'PATCH /conversations/{id}': IN_SIGHT,
  'GET /conversations/{id}/decisions': IN_SIGHT,
  'GET /conversations/{id}/mail-reply': IN_SIGHT,
  'GET /conversations/{id}/messages': IN_SIGHT,
  'POST /conversations/{id}/messages': IN_SIGHT,
  'POST /conversations/{id}/messages/{mid}/retry': IN_SIGHT,
  'POST /conversations/{id}/messages/{mid}/confirm': IN_SIGHT,
  'POST /conversations/{id}/messages/{mid}/recall': IN_SIGHT,
  'POST /conversations/{id}/read': IN_SIGHT,
  'POST /conversations/{id}/assign': IN_SIGHT,
  'POST /conversations/{id}/transfer': IN_SIGHT,
  'GET /conversations/{id}/servicers': IN_SIGHT,
  'POST /conversations/{id}/handover': IN_SIGHT,
  'POST /conversations/{id}/snooze': IN_SIGHT,
  'POST /conversations/{id}/reopen': IN_SIGHT,
  'POST /conversations/{id}/resolve': IN_SIGHT,
  'POST /offers/{id}/accept': OFFERED,
  'POST /offers/{id}/decline': OFFERED,
  // Asked without a picture, which is refused before the message is looked for; whose message it is: remote-images.spec.
  'GET /messages/{id}/remote-image': EVERYONE,
  'PUT /agents/me/password': EVERYONE,
  'POST /auth/logout': EVERYONE,
};

/** What is valid where sight is asked for only after the body. */
const BODIES: Readonly<Record<string, (ids: Readonly<Record<string, string>>) => object>> = {
  'PATCH /conversations/{id}': () => ({ tags: [] }),
  'POST /conversations/{id}/messages': () => ({
    clientId: newId(),
    content: { kind: 'text', text: 'x' },
    direction: 'note',
  }),
  'POST /conversations/{id}/messages/{mid}/retry': () => ({}),
  'POST /conversations/{id}/messages/{mid}/confirm': () => ({}),
  'POST /conversations/{id}/messages/{mid}/recall': () => ({}),
  'POST /conversations/{id}/read': () => ({ seq: 1 }),
  'POST /conversations/{id}/assign': (ids) => ({ agentId: ids.insider }),
  'POST /conversations/{id}/transfer': (ids) => ({ agentId: ids.insider }),
  'POST /conversations/{id}/handover': () => ({ servicerId: 'wang' }),
  'POST /conversations/{id}/snooze': () => ({ until: '2099-01-01T00:00:00.000Z' }),
  'POST /conversations/{id}/reopen': () => ({}),
  'POST /conversations/{id}/resolve': () => ({}),
  'POST /offers/{id}/accept': () => ({}),
  'POST /offers/{id}/decline': () => ({}),
};

// A check waits for a connector, and none is here.
jest.setTimeout(30_000);

describe('who may call what', () => {
  let app: EdgesApp;
  let people: Record<(typeof ASKERS)[number], Person | null>;
  let ids: Record<string, string>;

  beforeAll(async () => {
    app = await EdgesApp.start({}, InboxModule);
    await app.define(HOOK_CHANNEL);
    const [outsider, supervisor, insider, admin] = [
      await app.person(),
      await app.person('supervisor'),
      await app.person(),
      await app.person('admin'),
    ];
    people = { nobody: null, outsider, supervisor, insider, admin };
    await app.team({ name: 'other', agentIds: [outsider.id, supervisor.id] });
    const team = await app.team({ name: 'own', agentIds: [insider.id] });
    const json = { channel: 'hook-chat', name: '店', config: { appId: 'a', appSecret: 's' } };
    const account = (await app.call<{ id: string }>(app.admin, 'POST', '/accounts', { json })).body.id;
    const conversation = await app.conversation({ assigneeId: null, teamId: team.id, accountId: account });
    const message = messageOf(conversation, 1).id;
    const [offer, entry, attachment] = [newId(), newId(), newId()];
    const now = '2026-11-23 12:00:00.000';
    await app.db.transaction(async (tx) => {
      const content = JSON.stringify({ kind: 'text', text: 'x' });
      const columns = [
        'id',
        'conversation_id',
        'seq',
        'direction',
        'author_type',
        'author_name',
        'content',
        'text',
        'state',
        'remote_ids',
        'created_at',
      ];
      await tx.insertMany('inbox_messages', columns, [
        [message, conversation, 1, 'inbound', 'contact', '客户', content, 'x', 'received', '[]', now],
      ]);
      await tx.execute('UPDATE inbox_conversations SET last_seq = 1, last_message_id = ? WHERE id = ?', [
        message,
        conversation,
      ]);
      await tx.insertMany(
        'inbox_contacts',
        ['id', 'name', 'created_at', 'updated_at'],
        [[conversation, '客户', now, now]],
      );
      const identity = [
        'id',
        'contact_id',
        'account_id',
        'remote_id',
        'remote_key',
        'name',
        'created_at',
        'updated_at',
      ];
      await tx.insertMany('inbox_identities', identity, [
        [conversation, conversation, account, conversation, conversation.padEnd(43, '0'), '客户', now, now],
      ]);
      const offers = ['id', 'conversation_id', 'agent_id', 'assignment_version', 'state', 'expires_at', 'created_at'];
      await tx.insertMany('inbox_offers', offers, [
        [offer, conversation, insider.id, 3, 'open', '2099-01-01 00:00:00.000', now],
      ]);
      const dlq = [
        'id',
        'topic',
        'partition_no',
        'record_offset',
        'consumer',
        'reason',
        'attempts',
        'state',
        'created_at',
      ];
      await tx.insertMany('inbox_dlq', dlq, [[entry, 'channel.inbound.v1', 0, '1', 'inbox', 'x', 1, 'dead', now]]);
      const files = [
        'id',
        'name',
        'mime',
        'size',
        'storage_name',
        'uploader_type',
        'uploader_id',
        'used_in',
        'created_at',
      ];
      await tx.insertMany('inbox_attachments', files, [
        [attachment, 'a', 'text/plain', 0, 'none', 'agent', admin.id, conversation, now],
      ]);
    });
    ids = {
      conversations: conversation,
      agents: newId(),
      teams: newId(),
      accounts: account,
      attachments: attachment,
      offers: offer,
      dlq: entry,
      messages: message,
      mid: message,
      insider: insider.id,
    };
  });
  afterAll(() => app.stop());

  it('names every route there is', async () => {
    const { paths } = await buildInboxOpenApi();
    const routes = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
    );
    expect(routes.sort()).toEqual(Object.keys(MATRIX).sort());
  });

  it.each(Object.keys(MATRIX))('%s', async (route) => {
    const [method, pattern] = route.split(' ') as [string, string];
    const noun = pattern.split('/')[1] as string;
    const path = pattern.replace('{id}', ids[noun] ?? '').replace('{mid}', ids.mid ?? '');
    // An agent or team that is not there: who may write gets 404, which tells them apart from who may not.
    const missing = /^PUT \/(agents|teams)\/\{id\}$/.test(route);
    for (const asker of ASKERS) {
      // Elsewhere nothing in it is valid: who gets as far as the body gets 400 and changes nothing.
      const json = method === 'GET' || method === 'DELETE' ? undefined : (BODIES[route]?.(ids) ?? { notAField: true });
      const answer = await app.call(people[asker], method, path, json === undefined ? {} : { json });
      const expected = MATRIX[route]?.[asker];
      const got = [401, 403].includes(answer.status) || (answer.status === 404 && !missing) ? answer.status : 'ok';
      expect({ asker, got, body: got === expected ? '' : answer.text }).toEqual({ asker, got: expected, body: '' });
      if (answer.status >= 400) expect(isErrorBody(answer.body)).toBe(true);
    }
  });

  it('a message is found under its own conversation only', async () => {
    const other = await app.conversation({ assigneeId: null, teamId: null, accountId: ids.accounts as string });
    for (const action of ['retry', 'confirm', 'recall']) {
      const answer = await app.call(app.admin, 'POST', `/conversations/${other}/messages/${ids.mid}/${action}`, {
        json: {},
      });
      expect(answer.status).toBe(404);
    }
  });

  it('ids that are none, and paths written otherwise, open nothing', async () => {
    for (const path of [
      '/conversations/x',
      '/conversations/%2e%2e',
      '/accounts/__proto__',
      '/agents/ME',
      '//agents',
      '/agents/',
      '/%61gents/me/',
      '/attachments/..%2f..%2fetc',
    ])
      for (const who of [null, people.outsider])
        expect([400, 401, 404, 405]).toContain((await app.call(who, 'GET', path)).status);
    expect((await app.call(null, 'HEAD', '/agents')).status).toBe(401);
  });
});
