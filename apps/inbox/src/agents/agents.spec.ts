import { INBOX_EVENTS, ROUTING_WORK, type Agent, type AgentChanged } from '@huiliu/contracts';
import type { Envelope, TopicSpec } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { toDbTime } from '@huiliu/storage';
import { eventually } from '@huiliu/testing';
import { EdgesApp, PASSWORD, type Person } from '../testing/edges-app';
import { GRACE_MS, HEARTBEAT_MS, PresenceService, PROCESS_DEAD_MS } from './presence.service';

describe('agents', () => {
  let app: EdgesApp;
  let routing: Envelope[];
  let events: Envelope[];
  beforeAll(async () => {
    app = await EdgesApp.start();
    const keep = async (topic: TopicSpec): Promise<Envelope[]> => {
      const kept: Envelope[] = [];
      await app.bus.tail(topic, 'beginning', (records) => kept.push(...records.map(({ envelope }) => envelope)));
      return kept;
    };
    [routing, events] = [await keep(ROUTING_WORK), await keep(INBOX_EVENTS)];
  });
  afterAll(() => app.stop());

  const put = (id: string, json: unknown, who: Person = app.admin) =>
    app.call<Agent>(who, 'PUT', `/agents/${id}`, { json });
  const body = (over: object = {}) => ({
    username: `u-${newId()}`,
    name: '小林',
    password: PASSWORD,
    role: 'agent',
    capacity: 3,
    ...over,
  });
  const toldRouting = (agentId: string): AgentChanged[] =>
    routing
      .filter(({ type, data }) => type === 'agent.changed' && (data as AgentChanged).agentId === agentId)
      .map(({ data }) => data as AgentChanged);

  it('are created offline, told to screens and to routing, and listed for everyone', async () => {
    const { status, body: made } = await app.call<Agent>(app.admin, 'POST', '/agents', {
      json: body({ name: '  小林 ' }),
    });
    expect(status).toBe(201);
    expect(made).toMatchObject({
      name: '小林',
      role: 'agent',
      capacity: 3,
      disabled: false,
      presence: { status: 'offline', reason: null },
      load: 0,
      teamIds: [],
    });
    await eventually(
      'told',
      () =>
        toldRouting(made.id).length === 1 &&
        events.some(({ type, key }) => type === 'agent.updated' && key === made.id),
    );
    expect(toldRouting(made.id)[0]).toMatchObject({ revision: 1, presence: 'offline', capacity: 3, gone: false });
    const person = await app.person();
    const list = await app.call<{ items: Agent[] }>(person, 'GET', '/agents');
    expect(list.body.items.map(({ id }) => id)).toEqual(expect.arrayContaining([made.id, person.id, app.admin.id]));
    expect(list.text).not.toMatch(/password|argon/i);
  });

  it('have usernames unique in whatever case, also when asked for at once', async () => {
    const username = `Twin${newId()}`;
    const answers = await Promise.all(
      [username, username.toUpperCase(), username.toLowerCase()].map((name) =>
        app.call(app.admin, 'POST', '/agents', { json: body({ username: name }) }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const other = await app.person();
    expect((await put(other.id, { username: username.toLowerCase() })).status).toBe(409);
    expect((await put(other.id, { username: other.username.toUpperCase() })).status).toBe(200);
  });

  it('refuse fields that are not for writing', async () => {
    const person = await app.person();
    for (const extra of [
      { id: newId() },
      { load: 0 },
      { teamIds: [] },
      { gone: false },
      { password_hash: 'x' },
      { revision: 9 },
      { presence: 'online' },
    ]) {
      expect((await put(person.id, extra)).status).toBe(400);
      expect((await app.call(app.admin, 'POST', '/agents', { json: body(extra) })).status).toBe(400);
    }
    for (const bad of [
      { capacity: -1 },
      { capacity: 1.5 },
      { role: 'root' },
      { name: '' },
      { name: ' ' },
      { password: 'short' },
      { username: 'a b' },
      { name: { a: 1 } },
    ])
      expect((await put(person.id, bad)).status).toBe(400);
  });

  it('keep one admin at least, also when the last two are demoted at once', async () => {
    const second = await app.person('admin');
    const third = await app.person('admin');
    expect((await put(second.id, { role: 'supervisor' })).status).toBe(200);
    const both = await Promise.all([
      put(app.admin.id, { role: 'agent' }, third),
      put(third.id, { disabled: true }, third),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const admins = await app.db.query<{ id: string }>(
      `SELECT id FROM inbox_agents WHERE role = 'admin' AND disabled = 0`,
    );
    expect(admins).toHaveLength(1);
    await app.db.transaction((tx) =>
      tx.execute(
        `UPDATE inbox_agents SET role = 'admin', disabled = 0, gone = 0, revision = revision + 10 WHERE id = ?`,
        [app.admin.id],
      ),
    );
    await put(app.admin.id, { name: 'admin' }, admins[0]?.id === third.id ? third : app.admin);
  });

  it('grow their revision with every change', async () => {
    const person = await app.person();
    await put(person.id, { capacity: 7 });
    await put(person.id, { name: '新名' });
    await app.call(person, 'PUT', '/agents/me/presence', { json: { status: 'online' } });
    await eventually('four snapshots', () => toldRouting(person.id).length === 4);
    expect(toldRouting(person.id).map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    expect(toldRouting(person.id).at(-1)).toMatchObject({ name: '新名', capacity: 7, presence: 'online' });
  });

  describe('presence', () => {
    const presence = () => app.service.app.get(PresenceService);
    const me = async (who: Person): Promise<Agent> => (await app.call<Agent>(who, 'GET', '/agents/me')).body;
    const set = (who: Person, json: unknown) => app.call<Agent>(who, 'PUT', '/agents/me/presence', { json });
    /** As if the socket had been lost so long ago. */
    const backdate = async (who: Person, ms: number): Promise<void> => {
      const at = toDbTime(new Date(Date.now() - ms));
      await eventually(
        'the loss is noted',
        async () =>
          (await app.db.query('SELECT id FROM inbox_agents WHERE id = ? AND socket_lost_at IS NOT NULL', [who.id]))
            .length === 1,
      );
      await app.db.transaction((tx) =>
        tx.execute('UPDATE inbox_agents SET socket_lost_at = ? WHERE id = ?', [at, who.id]),
      );
    };

    it('is set with a reason and stands without a socket', async () => {
      const person = await app.person();
      expect((await set(person, { status: 'away', reason: '午餐' })).body.presence).toMatchObject({
        status: 'away',
        reason: '午餐',
      });
      expect((await set(person, { status: 'online' })).body.presence).toMatchObject({ status: 'online', reason: null });
      await presence().sweep();
      expect((await me(person)).presence.status).toBe('online');
      expect((await set(person, { status: 'busy' })).status).toBe(400);
    });

    it('lets go of who lost the last socket a minute ago, with what they leave unanswered, and takes them back', async () => {
      const person = await app.person();
      await set(person, { status: 'online' });
      const accountId = newId();
      const waiting = await app.conversation({ assigneeId: person.id, teamId: null, accountId }, { waiting: true });
      await app.conversation({ assigneeId: person.id, teamId: null, accountId });
      const [first, second] = [await app.socket(person), await app.socket(person)];
      await first.close();
      await presence().sweep();
      expect(
        (await app.db.query('SELECT id FROM inbox_agents WHERE id = ? AND socket_lost_at IS NOT NULL', [person.id]))
          .length,
      ).toBe(0);
      await second.cut();
      await backdate(person, GRACE_MS - 5_000);
      await presence().sweep();
      expect((await me(person)).presence.status).toBe('online');
      await backdate(person, GRACE_MS + 1);
      await presence().sweep();
      await presence().sweep();
      const gone = (): Envelope[] =>
        routing.filter(
          ({ type, data }) => type === 'agent.gone' && (data as { agentId: string }).agentId === person.id,
        );
      await eventually('gone', () => gone().length === 1);
      expect(gone()[0]?.data).toEqual({ agentId: person.id, unanswered: [{ conversationId: waiting, version: 3 }] });
      expect((await me(person)).presence.status).toBe('offline');
      expect(toldRouting(person.id).at(-1)).toMatchObject({ gone: true });
      const back = await app.socket(person);
      await eventually('back', async () => (await me(person)).presence.status === 'online');
      await eventually('told routing', () => toldRouting(person.id).at(-1)?.gone === false);
      await back.close();
      expect((await me(person)).load).toBe(2);
    });

    it('comes back when it is set again without a socket', async () => {
      const person = await app.person();
      await set(person, { status: 'online' });
      const socket = await app.socket(person);
      await socket.close();
      await backdate(person, GRACE_MS + 1);
      await presence().sweep();
      expect((await me(person)).presence.status).toBe('offline');
      expect((await set(person, { status: 'paused' })).body.presence.status).toBe('paused');
      await presence().sweep();
      expect((await me(person)).presence.status).toBe('paused');
    });

    it('counts the grace period of who was with a dead process from its death, not from when that is noticed', async () => {
      const person = await app.person();
      await set(person, { status: 'online' });
      const lost = newId();
      await presence().socketOpened(newId(), person.id, lost);
      const died = async (agoMs: number): Promise<void> => {
        const at = toDbTime(new Date(Date.now() - agoMs));
        await app.db.transaction(async (tx) => {
          await tx.execute('UPDATE inbox_sockets SET seen_at = ? WHERE process_id = ?', [at, lost]);
        });
        await presence().sweep();
      };
      await died(PROCESS_DEAD_MS - 5_000);
      expect((await me(person)).presence.status).toBe('online');
      await died(GRACE_MS + HEARTBEAT_MS + 1);
      expect((await me(person)).presence.status).toBe('offline');
    });

    it('counts the sockets of a dead process as lost, and those of a process that was held up again', async () => {
      const person = await app.person();
      await set(person, { status: 'online' });
      const lost = newId();
      await presence().socketOpened(newId(), person.id, lost);
      await app.db.transaction((tx) =>
        tx.execute('UPDATE inbox_sockets SET seen_at = ? WHERE process_id = ?', [
          toDbTime(new Date(Date.now() - PROCESS_DEAD_MS - 1)),
          lost,
        ]),
      );
      await presence().sweep();
      await backdate(person, GRACE_MS + 1);
      await presence().heartbeat(lost, [{ id: newId(), agentId: person.id }]);
      await presence().sweep();
      expect((await me(person)).presence.status).toBe('online');
    });
  });
});
