import {
  call,
  eventually,
  isErrorBody,
  startDistributed,
  type DistributedSystem,
  type RunningProcess,
} from '@huiliu/testing';
import { Stage, assignedTo } from './stage';

jest.setTimeout(120_000);

function lives({ pid }: RunningProcess): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm run start:distributed', () => {
  let system: DistributedSystem;

  beforeAll(async () => {
    system = await startDistributed({ env: { INSTANCES: 'inbox=2,routing=2,connector-webchat=2' } });
  }, 180_000);

  afterAll(() => system?.stop(), 60_000);

  it('runs as many of an app as it was told, and they serve together', async () => {
    const count = (app: string): number => system.processes().filter((running) => running.app === app).length;
    expect([count('inbox'), count('routing'), count('connector-webchat'), count('edge')]).toEqual([2, 2, 2, 1]);
    const stage = await Stage.on(system);
    const { account, agent } = await stage.desk();
    const [screens, visitors] = [
      await Promise.all([agent.connect(), agent.connect()]),
      await Promise.all([1, 2, 3, 4].map(() => stage.visitor(account))),
    ];
    for (const visitor of visitors) await visitor.say('两个进程');
    for (const visitor of visitors) {
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      for (const screen of screens)
        await screen.waitFor(
          'each screen shows it',
          (frame) => frame.type === 'message.created' && JSON.stringify(frame.data).includes(visitor.conversationId),
        );
    }
    await Promise.all(screens.map((screen) => screen.close()));
  });

  it('answers 503 for a dead app, and starts it again within five seconds', async () => {
    const stage = await Stage.on(system);
    const account = await stage.account();
    const before = system.processes().filter((running) => running.app === 'connector-webchat');
    const killedAt = Date.now();
    for (const running of before) process.kill(running.pid, 'SIGKILL');
    const dead = await eventually('its paths answer 503', async () => {
      const answer = await call(system.baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {} });
      return answer.status === 503 && answer;
    });
    expect(isErrorBody(dead.body)).toBe(true);
    expect(dead.headers.get('retry-after')).not.toBeNull();
    expect((await call(system.baseUrl, 'GET', '/api/v1/agents/me', { token: stage.admin.token })).status).toBe(200);
    await eventually('all are started again', () => {
      const now = system.processes().filter((running) => running.app === 'connector-webchat');
      return now.every((running) => before.every((old) => old.pid !== running.pid) && lives(running));
    });
    expect(Date.now() - killedAt).toBeLessThan(5000);
    await eventually(
      'it serves again',
      async () => (await call(system.baseUrl, 'POST', `/webchat/${account.id}/session`, { json: {} })).status < 300,
      30_000,
    );
  });

  it('leaves no process behind when it is killed itself', async () => {
    const processes = system.processes();
    expect(processes.filter(lives)).toHaveLength(processes.length);
    await system.killSupervisor();
    await eventually('all have ended', () => processes.every((running) => !lives(running)), 15_000);
  });
});
