import { ROUTING_WORK, type Agent, type Team, type TeamChanged } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { EdgesApp } from '../testing/edges-app';
import { HOOK_CHANNEL } from '../testing/facts';

describe('teams', () => {
  let app: EdgesApp;
  beforeAll(async () => {
    app = await EdgesApp.start();
    await app.define(HOOK_CHANNEL);
  });
  afterAll(() => app.stop());

  const account = async (): Promise<string> => {
    const json = { channel: 'hook-chat', name: '店', config: { appId: 'a', appSecret: 's' } };
    return (await app.call<{ id: string }>(app.admin, 'POST', '/accounts', { json })).body.id;
  };

  it('are created and changed in part; agents and routing hear of it', async () => {
    const told: TeamChanged[] = [];
    await app.bus.tail(ROUTING_WORK, 'end', (records) => {
      for (const { envelope } of records) if (envelope.type === 'team.changed') told.push(envelope.data as TeamChanged);
    });
    const [ann, ben, shop] = [await app.person(), await app.person(), await account()];
    const made = await app.call<Team>(app.admin, 'POST', '/teams', {
      json: { name: '售前', agentIds: [ann.id, ann.id], accountIds: [shop] },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: '售前',
      agentIds: [ann.id],
      accountIds: [shop],
      acceptSeconds: null,
      ownOnly: false,
    });
    const changed = await app.call<Team>(app.admin, 'PUT', `/teams/${made.body.id}`, {
      json: { agentIds: [ben.id], acceptSeconds: 30 },
    });
    expect(changed.body).toMatchObject({ name: '售前', agentIds: [ben.id], accountIds: [shop], acceptSeconds: 30 });
    await eventually('routing is told', () => told.length === 2);
    expect(told.map(({ revision, agentIds }) => [revision, agentIds])).toEqual([
      [1, [ann.id]],
      [2, [ben.id]],
    ]);
    const teamsOf = async (who: typeof ann): Promise<string[]> =>
      (await app.call<Agent>(who, 'GET', '/agents/me')).body.teamIds;
    expect([await teamsOf(ann), await teamsOf(ben)]).toEqual([[], [made.body.id]]);
    expect((await app.call<{ items: Team[] }>(ann, 'GET', '/teams')).body.items).toEqual([changed.body]);
  });

  it('name the agents and accounts that do not exist, and change nothing', async () => {
    const [ann, agent, accountId] = [await app.person(), newId(), newId()];
    const before = await app.call<{ items: Team[] }>(app.admin, 'GET', '/teams');
    const json = { name: 'X', agentIds: [ann.id, agent], accountIds: [accountId] };
    const { status, body } = await app.call<{ error: object }>(app.admin, 'POST', '/teams', { json });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'unknown_members',
      details: { agentIds: [agent], accountIds: [accountId] },
    });
    expect((await app.call(app.admin, 'GET', '/teams')).body).toEqual(before.body);
  });

  it('keep serving an account that was deleted, and take no deleted one in', async () => {
    const [shop, gone] = [await account(), await account()];
    const { id } = await app.team({ accountIds: [shop] });
    for (const account of [shop, gone])
      expect((await app.call(app.admin, 'DELETE', `/accounts/${account}`)).status).toBe(204);
    const put = (accountIds: string[]) => app.call<Team>(app.admin, 'PUT', `/teams/${id}`, { json: { accountIds } });
    expect((await put([shop])).status).toBe(200);
    expect((await put([shop, gone])).status).toBe(400);
  });

  it('refuse unknown fields and times out of bounds', async () => {
    for (const over of [
      { acceptSeconds: 0 },
      { acceptSeconds: 'x' },
      { id: newId() },
      { revision: 1 },
      { name: '' },
      { agentIds: ['x'] },
    ])
      expect((await app.call(app.admin, 'POST', '/teams', { json: { name: 'T', ...over } })).status).toBe(400);
    expect((await app.call(app.admin, 'PUT', `/teams/${newId()}`, { json: { name: 'T' } })).status).toBe(404);
    expect((await app.call(app.admin, 'PUT', '/teams/x', { json: { name: 'T' } })).status).toBe(404);
  });
});
