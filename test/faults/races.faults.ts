import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHANNEL_RECEIPTS, type Message, type Team } from '@huiliu/contracts';
import { wrap } from '@huiliu/bus';
import { eventually, startDistributed, startSuite, uniqueName, type System } from '@huiliu/testing';
import { Stage } from '../e2e/stage';
import { embeddedTopics, kafkaTopics, type RawRecord } from './harness/raw-topics';
import { acceptAgainstAssign, acceptTwice, assignAgainstResolve, closePair, offering, openPair, retryTwice, sameClientId, sent, transferAgainstAssign, type Pair } from './races/outcomes';
import { writersAgree } from './races/writers';

jest.setTimeout(180_000);

const TIMES = 40;

describe.each(['suite'])('two at once (%s)', () => {
  let system: System;
  let stage: Stage;
  let data: string;
  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'huiliu-faults-'));
    system = await startSuite({ env: { HUILIU_DATA: data } });
    stage = await Stage.on(system);
  });
  afterAll(async () => {
    await system.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('writers', async () => {
    const account = await stage.account();
    const people = [await stage.person('agent', 500), await stage.person('agent', 500)];
    await stage.team([account], people);
    await people[0]!.setPresence('online');
    const t = Date.now();
    const { wrong, written } = await writersAgree(stage, account, people, { conversations: 4, each: 150 });
    console.log(written, Date.now() - t);
    expect(wrong).toEqual([]);
  });

  it('outcomes', async () => {
    const pair = await openPair(stage);
    const team = await stage.admin.post<Team>('/teams', { name: uniqueName('q').slice(-40), agentIds: [pair.one.me.id, pair.two.me.id], accountIds: [], acceptSeconds: null });
    const wrong: string[] = [];
    for (let i = 0; i < TIMES; i++) {
      wrong.push(...(await sameClientId(pair, `c${i}`)));
      wrong.push(...(await assignAgainstResolve(pair)));
      wrong.push(...(await transferAgainstAssign(pair, team)));
    }
    await closePair(pair);
    expect(wrong).toEqual([]);
  });

  it('offers', async () => {
    const pair = await openPair(stage);
    await Promise.all([pair.one.setPresence('online'), pair.two.setPresence('online')]);
    const teams = (await stage.admin.get<{ items: Team[] }>('/teams')).items.filter((t) => t.accountIds.includes(pair.account.id));
    await stage.admin.put(`/teams/${teams[0]!.id}`, { acceptSeconds: 60 });
    const wrong: string[] = [];
    for (let i = 0; i < TIMES; i++) {
      wrong.push(...(await acceptTwice(pair, await offering(pair))));
      wrong.push(...(await acceptAgainstAssign(pair, await offering(pair))));
    }
    await closePair(pair);
    expect(wrong).toEqual([]);
  });
});
