import { readFileSync } from 'node:fs';
import { call, eventually, isErrorBody, type AgentClient, type Answer, type VisitorClient } from '@huiliu/testing';
import { assignedTo } from '../e2e/stage';
import { heardAgain, under } from './handover';
import type { SmallDisk } from './harness/disk';
import type { Inside } from './harness/inside';
import type { Load } from './harness/load';

/** Nothing is taken and nothing is half taken: a clear 503 that says when to come again. */
function refusal(who: string, answer: Answer): string[] {
  const after = Number(answer.headers.get('retry-after'));
  const clear = answer.status === 503 && after > 0 && isErrorBody(answer.body);
  return clear ? [] : [`${who} was answered ${answer.status}, Retry-After ${after}: ${answer.text.slice(0, 200)}`];
}

/** Two who are not counted, and ask until the full disk is felt. */
interface Probe {
  readonly visitor: VisitorClient;
  readonly agent: AgentClient;
}

async function probe({ stage }: Inside, load: Load): Promise<Probe> {
  const [visitor, agent] = [await stage.visitor(load.account), load.agents[0]!];
  await visitor.say('试试');
  await assignedTo(agent, visitor.conversationId);
  return { visitor, agent };
}

/** Answers what was not refused clearly. */
async function refusals({ visitor, agent }: Probe, people: readonly ('customer' | 'agent')[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const who of people) {
    const ask = (): Promise<Answer> =>
      who === 'customer' ? visitor.post('满了吗') : agent.reply(visitor.conversationId, '满了吗');
    const answer = await eventually(
      `the ${who} is refused`,
      async () => {
        const given = await ask();
        return given.status >= 300 && given;
      },
      60_000,
    );
    wrong.push(...refusal(who, answer));
  }
  return wrong;
}

/** The one disk that holds data, spool and log is full: everything is refused clearly, and all is well when there is room again. */
export function allIsFull(world: Inside, disk: SmallDisk, logFile: string): Promise<string[]> {
  const pid = world.system.pids('suite')[0];
  return under(world, async (load) => {
    const both = await probe(world, load);
    disk.fill();
    const wrong = await refusals(both, ['customer', 'agent']);
    const alive = await call(world.system.baseUrl, 'GET', '/healthz');
    if (alive.status !== 200) wrong.push(`/healthz says ${alive.status}: nobody should start it again for a full disk`);
    const lines = readFileSync(logFile).length;
    disk.relieve();
    await eventually(
      'it is ready again',
      async () => (await call(world.system.baseUrl, 'GET', '/readyz')).status === 200,
      30_000,
    );
    await heardAgain(load);
    if (world.system.pids('suite')[0] !== pid) wrong.push('the process has ended meanwhile');
    // Whatever it has to say now is written.
    await call(world.system.baseUrl, 'POST', '/api/v1/auth/login', { json: { username: 'admin', password: 'wrong' } });
    world.count('bytes of log when full', lines);
    return wrong;
  });
}

/**
 * The broker's log is full, so that it answers no more; what customers say goes into the spool until that disk is full, too. Then there is
 * room again, in the opposite order.
 */
export function logAndSpoolAreFull(world: Inside, spool: SmallDisk, log: SmallDisk): Promise<string[]> {
  const { service } = world.services!.broker;
  return under(world, async (load) => {
    const both = await probe(world, load);
    log.fill();
    const before = load.talks.map(({ said }) => said.acknowledged.length);
    await eventually(
      'customers are heard without the broker',
      () => load.talks.every(({ said }, n) => said.acknowledged.length > before[n]! + 3),
      60_000,
    );
    spool.fill(64 * 1024);
    const wrong = await refusals(both, ['customer']);
    spool.relieve();
    const full = load.talks.map(({ said }) => said.acknowledged.length);
    await eventually(
      'customers are heard again',
      () => load.talks.every(({ said }, n) => said.acknowledged.length > full[n]! + 3),
      60_000,
    );
    log.relieve();
    await service.stop();
    await service.bringBack();
    return wrong;
  });
}
