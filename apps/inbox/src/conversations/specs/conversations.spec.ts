import type { AssignmentChanged, Conversation, Decision, WorkCreated } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import type { Person } from '../../testing/edges-app';
import { CoreApp } from '../../testing/core-app';

describe('conversations by REST', () => {
  let app: CoreApp;
  let anna: Person;
  let bob: Person;
  beforeAll(async () => {
    app = await CoreApp.start();
    [anna, bob] = [await app.person(), await app.person()];
  });
  afterAll(() => app.stop());

  const list = async (query: string, who = anna) =>
    (await app.call<{ items: Conversation[]; nextCursor: string | null }>(who, 'GET', `/conversations?${query}`)).body;
  const ids = async (query: string, who = anna) => (await list(query, who)).items.map(({ id }) => id);
  const routed = <T extends { conversationId: string }>(type: string, id: string, atLeast = 1) =>
    app.heard<T>(type, (data) => data.conversationId === id, atLeast);

  it('lists the last message first, page by page, with every filter', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++)
      made.unshift((await app.writes(`list-${n}`, { sentAt: `2020-01-01T00:00:0${n >> 1}.000Z` })).id);
    const all = await ids('q=list-');
    expect(all).toHaveLength(5);
    const pages: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: Conversation[]; nextCursor: string | null } = await list(
        `q=list-&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      pages.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(all);
    const [first, second] = made as [string, string];
    await app.act(anna, first, 'assign', { agentId: anna.id });
    await app.act(anna, second, 'resolve');
    await app.call(anna, 'PATCH', `/conversations/${first}`, { tags: ['退款', '50%"x'], priority: 'high' });
    expect(await ids('q=list-&assignee=me')).toEqual([first]);
    expect(await ids(`q=list-&assignee=${anna.id}`, bob)).toEqual([first]);
    expect((await ids('q=list-&assignee=none')).sort()).toEqual(made.filter((id) => id !== first).sort());
    expect(await ids('q=list-&status=resolved')).toEqual([second]);
    expect(await ids(`q=list-&tag=${encodeURIComponent('50%"x')}`)).toEqual([first]);
    expect(await ids(`q=list-&tag=${encodeURIComponent('50_"x')}`)).toEqual([]);
    expect(await ids(`q=list-&channel=fake&accountId=${app.accountId}`)).toHaveLength(5);
    expect(await ids(`q=list-&accountId=${app.windowedAccountId}`)).toEqual([]);
    expect(await ids(`q=list-&teamId=${newId()}`)).toEqual([]);
    expect((await app.call(anna, 'GET', '/conversations?cursor=nonsense')).status).toBe(400);
    expect((await app.call(anna, 'GET', '/conversations?status=closed')).status).toBe(400);
  });

  it('lists what one customer has going on, private and public', async () => {
    const own = await app.writes('several-1');
    const { id, contact } = await app.writes('several-1', { remoteConversationId: 'comment:1:several-1' });
    expect([id === own.id, contact.id]).toEqual([false, own.contact.id]);
    expect((await ids(`contactId=${contact.id}`)).sort()).toEqual([own.id, id].sort());
    expect(await ids(`contactId=${newId()}`)).toEqual([]);
  });

  it('finds names and message text, literally, whatever their case', async () => {
    const { id } = await app.writes('search-1', {
      contact: { remoteId: 'search-1', name: '李Élan', verified: false },
      content: { kind: 'text', text: '退货 100%_Ｏk! Straße' },
    });
    for (const q of ['退', '100%_', 'ok!', '李', 'straße', 'STRASSE'.slice(0, 4)])
      expect([q, await ids(`q=${encodeURIComponent(q)}`)]).toEqual([q, [id]]);
    for (const q of ['100__', '100%x', "' OR 1=1 --"]) expect(await ids(`q=${encodeURIComponent(q)}`)).toEqual([]);
  });

  it('assigns by hand, over capacity too, says why, and tells routing', async () => {
    const { id } = await app.writes('assign-1');
    const tight = await app.person('agent', 0);
    expect(await app.act(anna, id, 'assign', { agentId: tight.id })).toMatchObject({
      assignee: { id: tight.id, name: tight.username },
      session: { firstReplyAt: null },
    });
    await app.act(anna, id, 'assign', { agentId: tight.id });
    expect(await routed<AssignmentChanged>('assignment.changed', id)).toMatchObject([
      { version: 1, by: 'hand', agentId: tight.id },
    ]);
    const { body } = await app.call<{ items: Decision[] }>(anna, 'GET', `/conversations/${id}/decisions`);
    expect(body.items).toMatchObject([
      {
        type: 'by_hand',
        agent: { id: tight.id },
        by: { id: anna.id, name: anna.username },
        reason: { strategy: 'by_hand', candidates: [{ load: 0, capacity: 0 }] },
        assignmentVersion: 1,
      },
    ]);
    expect((await app.call(anna, 'POST', `/conversations/${id}/assign`, { agentId: newId() })).body).toMatchObject({
      error: { code: 'unknown_agent' },
    });
    await app.call(app.admin, 'PUT', `/agents/${tight.id}`, { disabled: true });
    expect((await app.call(anna, 'POST', `/conversations/${id}/assign`, { agentId: tight.id })).body).toMatchObject({
      error: { code: 'agent_disabled' },
    });
  });

  it('transfers to an agent or into a team’s queue, the note first, in sight of the right people', async () => {
    const team = (await app.call<{ id: string }>(app.admin, 'POST', '/teams', { name: '售后', agentIds: [bob.id] }))
      .body.id;
    const { id } = await app.writes('transfer-1');
    await app.act(anna, id, 'transfer', { agentId: anna.id });
    const moved = await app.act(anna, id, 'transfer', { teamId: team, note: '请看看' });
    expect(moved).toMatchObject({
      assignee: null,
      teamId: team,
      lastMessage: { direction: 'note', content: { text: '请看看' } },
    });
    expect(await routed<WorkCreated>('work.created', id, 2)).toMatchObject([
      { version: 0 },
      { version: 2, teamId: team, lastAgentId: anna.id },
    ]);
    expect((await app.call(anna, 'GET', `/conversations/${id}`)).status).toBe(404);
    expect(await ids('q=transfer-1')).toEqual([]);
    expect(await ids('q=transfer-1', bob)).toEqual([id]);
    for (const json of [{}, { agentId: bob.id, teamId: team }, { teamId: team, force: true }])
      expect((await app.call(bob, 'POST', `/conversations/${id}/transfer`, json)).status).toBe(400);
    expect((await app.call(bob, 'POST', `/conversations/${id}/transfer`, { teamId: newId() })).body).toMatchObject({
      error: { code: 'unknown_team' },
    });
  });

  it('resolves, re-opens and snoozes; what is done already changes nothing', async () => {
    const { id, session } = await app.writes('resolve-1');
    await app.act(anna, id, 'assign', { agentId: anna.id });
    const resolved = await app.act(anna, id, 'resolve', { category: '售后', note: '好了' });
    expect(resolved).toMatchObject({ status: 'resolved', assignee: null, session: null, waitingSince: null });
    expect(await app.act(anna, id, 'resolve')).toEqual(resolved);
    expect(
      await app.db.query('SELECT end_reason, category, ended_by FROM inbox_sessions WHERE conversation_id = ?', [id]),
    ).toMatchObject([{ end_reason: 'resolved', category: '售后', ended_by: anna.id }]);
    expect(await routed('work.closed', id)).toMatchObject([{ version: 2, reason: 'resolved' }]);
    expect((await app.call(anna, 'POST', `/conversations/${id}/assign`, { agentId: anna.id })).body).toMatchObject({
      error: { code: 'conversation_resolved' },
    });
    const open = await app.act(anna, id, 'reopen');
    expect(open).toMatchObject({ status: 'open', assignee: null });
    expect(open.session?.id).not.toBe(session?.id);
    expect(await routed<WorkCreated>('work.created', id, 2)).toMatchObject([{}, { lastAgentId: anna.id, version: 2 }]);
    const until = new Date(Date.now() + 3600_000).toISOString();
    expect(await app.act(anna, id, 'snooze', { until, reason: '等货' })).toMatchObject({
      status: 'snoozed',
      lastMessage: { direction: 'note', content: { text: '等货' } },
    });
    await app.act(anna, id, 'snooze', { until: until.replace(/\.\d+Z$/, '+00:00') });
    for (const wrong of ['2020-01-01T00:00:00.000Z', '9999-12-31T23:59:59.000-12:00', 'tomorrow', 4_000_000_000_000])
      expect((await app.call(anna, 'POST', `/conversations/${id}/snooze`, { until: wrong })).status).toBe(400);
    expect(await app.writes('resolve-1')).toMatchObject({ status: 'open' });
  });

  it('wakes on time by itself', async () => {
    const { id } = await app.writes('snooze-1');
    await app.act(anna, id, 'snooze', { until: new Date(Date.now() + 300).toISOString() });
    await app.heard<{ conversation: Conversation }>(
      'conversation.updated',
      ({ conversation }) => conversation.id === id && conversation.status === 'snoozed',
    );
    await app.heard<WorkCreated>('work.created', (data) => data.conversationId === id, 2);
    expect((await app.call<Conversation>(anna, 'GET', `/conversations/${id}`)).body.status).toBe('open');
  });

  it('marks as read up to a place', async () => {
    await app.writes('read-1');
    await app.writes('read-1');
    const { id, unread } = await app.writes('read-1');
    expect(unread).toBe(3);
    expect((await app.act(anna, id, 'read', { seq: 2 })).unread).toBe(1);
    expect((await app.act(anna, id, 'read', { seq: 1 })).unread).toBe(1);
    expect(await app.act(anna, id, 'read', { seq: 99 })).toMatchObject({
      unread: 0,
      waitingSince: expect.any(String) as string,
    });
  });

  it('keeps tags once and tells routing of a priority', async () => {
    const { id } = await app.writes('patch-1');
    const { body } = await app.call<Conversation>(anna, 'PATCH', `/conversations/${id}`, {
      tags: ['b', 'a', 'b'],
      priority: 'urgent',
    });
    expect(body).toMatchObject({ tags: ['b', 'a'], priority: 'urgent' });
    expect(await routed('work.reprioritised', id)).toMatchObject([{ priority: 'urgent' }]);
    for (const json of [
      { status: 'resolved' },
      { tags: 'a' },
      { priority: 'top' },
      { tags: [{}] },
      { tags: ['a\u0000'] },
      { tags: ['\ud800'] },
      { assignee: null },
    ]) {
      expect((await app.call(anna, 'PATCH', `/conversations/${id}`, json)).status).toBe(400);
    }
  });

  it('is 404 out of sight, for every path and whatever is asked', async () => {
    const team = (await app.call<{ id: string }>(app.admin, 'POST', '/teams', { name: 'x', agentIds: [bob.id] })).body
      .id;
    const { id, lastMessage } = await app.writes('sight-1');
    await app.act(app.admin, id, 'transfer', { teamId: team });
    const message = `messages/${lastMessage!.id}`;
    const until = new Date(Date.now() + 60_000).toISOString();
    const asked: [string, string, unknown?][] = [
      ['GET', ''],
      ['GET', '/messages'],
      ['GET', '/decisions'],
      ['PATCH', '', {}],
      ['POST', '/messages', { clientId: 'x', content: { kind: 'text', text: 'x' } }],
      ['POST', '/read', { seq: 1 }],
      ['POST', '/assign', { agentId: anna.id }],
      ['POST', '/transfer', { agentId: anna.id }],
      ['POST', '/resolve', {}],
      ['POST', '/reopen', {}],
      ['POST', '/snooze', { until }],
      ['POST', `/${message}/retry`, {}],
      ['POST', `/${message}/confirm`, {}],
      ['POST', `/${message}/recall`, {}],
    ];
    for (const unseen of [id, newId(), 'not-an-id']) {
      for (const [method, path, json] of asked) {
        const { status, body } = await app.call<{ error: { code: string } }>(
          anna,
          method,
          `/conversations/${unseen}${path}`,
          json,
        );
        expect([method, path, unseen, status, body.error.code]).toEqual([method, path, unseen, 404, 'not_found']);
      }
    }
    for (const [method, path, json] of asked)
      expect((await app.call(null, method, `/conversations/${id}${path}`, json)).status).toBe(401);
    expect((await app.call(anna, 'POST', `/offers/${newId()}/accept`, {})).status).toBe(404);
    expect((await app.call(anna, 'GET', `/conversations/${id}`)).status).toBe(404);
  });

  it('lets one of assign and resolve win', async () => {
    for (let n = 0; n < 10; n++) {
      const { id } = await app.writes(`race-${n}`);
      const [assigned, resolved] = await Promise.all([
        app.call(anna, 'POST', `/conversations/${id}/assign`, { agentId: anna.id }),
        app.call(bob, 'POST', `/conversations/${id}/resolve`, {}),
      ]);
      expect(resolved.status).toBe(200);
      expect([200, 409]).toContain(assigned.status);
      const { body } = await app.call<Conversation>(app.admin, 'GET', `/conversations/${id}`);
      expect(body).toMatchObject({ status: 'resolved', assignee: null });
    }
  });
});
