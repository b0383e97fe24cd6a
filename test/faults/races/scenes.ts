import { CHANNEL_RECEIPTS, channelOutbound, type Message, type Team } from '@huiliu/contracts';
import { wrap } from '@huiliu/bus';
import { eventually, uniqueName } from '@huiliu/testing';
import type { Inside } from '../harness/inside';
import {
  acceptAgainstAssign,
  acceptTwice,
  assignAgainstResolve,
  closePair,
  offering,
  openPair,
  retryTwice,
  sameClientId,
  sent,
  transferAgainstAssign,
} from './outcomes';
import { writeAtOnce, type WritersPlan } from './writers';

const OUTBOUND = channelOutbound('connector-webchat');
/** One process is quick; with many the edge, the database and the broker stand between. */
const timesIn = ({ mode }: Inside): number => (mode === 'embedded' ? 40 : 12);

/** A customer and two agents write into the same conversations, as fast as they can. */
export async function writersAgree(world: Inside, plan: WritersPlan): Promise<string[]> {
  const { stage } = world;
  const account = await stage.account();
  const people = [await stage.person('agent', 500), await stage.person('agent', 500)];
  await stage.team([account], people);
  await people[0]!.setPresence('online');
  const { wrong, written } = await writeAtOnce(stage, account, people, plan);
  world.count('messages written at once', written);
  return wrong;
}

/** The same answer twice, assign against resolve, transfer against assign. */
export async function answeringRaces(world: Inside): Promise<string[]> {
  const pair = await openPair(world.stage);
  const team = await world.stage.admin.post<Team>('/teams', {
    name: uniqueName('queue').slice(-40),
    agentIds: [pair.one.me.id, pair.two.me.id],
  });
  const wrong: string[] = [];
  const times = timesIn(world);
  for (let i = 0; i < times; i++) {
    const order = i % 2 === 0 ? 'first' : 'second';
    wrong.push(...(await sameClientId(pair, `same-${i}`)));
    wrong.push(...(await assignAgainstResolve(pair, order)));
    wrong.push(...(await transferAgainstAssign(pair, team, order)));
  }
  await closePair(pair);
  world.count('races', 3 * times);
  return wrong;
}

/** Two accepts of one offer, and an accept against somebody who gives the work away. */
export async function acceptingRaces(world: Inside): Promise<string[]> {
  const pair = await openPair(world.stage, 60);
  await Promise.all([pair.one.setPresence('online'), pair.two.setPresence('online')]);
  const wrong: string[] = [];
  const times = timesIn(world);
  for (let i = 0; i < times; i++) {
    wrong.push(...(await acceptTwice(pair, await offering(pair))));
    wrong.push(...(await acceptAgainstAssign(pair, await offering(pair), i % 2 === 0 ? 'first' : 'second')));
  }
  await closePair(pair);
  world.count('races', 2 * times);
  return wrong;
}

/** Answers that the platform says it could not deliver are tried again by two at once. */
export async function retryRaces(world: Inside): Promise<string[]> {
  const pair = await openPair(world.stage);
  const messages: Message[] = [];
  const times = timesIn(world);
  for (let i = 0; i < times; i++) messages.push(await sent(pair));
  await world.append(
    messages.map(({ id, conversationId }) => {
      const error = { kind: 'rejected' as const, code: 'blocked', message: 'the customer has blocked us' };
      const receipt = {
        accountId: pair.account.id,
        conversationId,
        messageId: id,
        attempt: 1,
        remoteId: null,
        remoteIds: [],
        state: 'failed' as const,
        error,
        at: new Date().toISOString(),
      };
      const { envelope } = wrap(CHANNEL_RECEIPTS, 'receipt', conversationId, receipt, new Date());
      return { topic: CHANNEL_RECEIPTS.name, key: conversationId, value: JSON.stringify(envelope) };
    }),
  );
  const wrong: string[] = [];
  for (const message of messages) {
    await eventually('it has failed', async () =>
      (await pair.one.messages(message.conversationId)).some(
        ({ id, state }) => id === message.id && state === 'failed',
      ),
    );
    wrong.push(...(await retryTwice(pair, message)));
  }
  const ids = new Set(messages.map(({ id }) => id));
  const commands = (await world.read<{ messageId: string }>(OUTBOUND)).filter(({ data }) => ids.has(data.messageId));
  if (commands.length !== 2 * messages.length)
    wrong.push(`${messages.length} answers, tried twice each, took ${commands.length} commands`);
  await closePair(pair);
  world.count('races', times);
  return wrong;
}
