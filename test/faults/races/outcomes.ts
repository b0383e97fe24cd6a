import type { Account, Conversation, Message, Offer, Team } from '@huiliu/contracts';
import {
  eventually,
  expectStatus,
  type AgentClient,
  type Answer,
  type FrameSocket,
  type VisitorClient,
} from '@huiliu/testing';
import { offerFrame } from '../../e2e/behaviour/frames';
import { assignedTo, type Stage } from '../../e2e/stage';

/** Two agents at one desk, each with a screen. */
export interface Pair {
  readonly stage: Stage;
  readonly account: Account;
  readonly one: AgentClient;
  readonly two: AgentClient;
  readonly screens: readonly FrameSocket[];
}

/** Two people who share an account; nobody is online, so nothing happens to a conversation but by them. */
export async function openPair(stage: Stage, acceptSeconds: number | null = null): Promise<Pair> {
  const account = await stage.account();
  const [one, two] = [await stage.person(), await stage.person()];
  await stage.team([account], [one, two], acceptSeconds);
  const screens = await Promise.all([one.connect(), two.connect()]);
  return { stage, account, one, two, screens };
}

export async function closePair(pair: Pair): Promise<void> {
  await Promise.all(pair.screens.map((screen) => screen.close()));
}

type Outcome = Promise<string[]>;

/** Which of the two is sent first: where one process answers, it is mostly handled first, too. */
export type Order = 'first' | 'second';

async function atOnce<A, B>(order: Order, one: () => Promise<A>, other: () => Promise<B>): Promise<[A, B]> {
  if (order === 'first') return Promise.all([one(), other()]);
  const second = other();
  return Promise.all([one(), second]);
}

/** Both agents send the same answer (a double click that reached two pages): one message, and both are told of that one. */
export async function sameClientId(pair: Pair, clientId: string): Outcome {
  const visitor = await waiting(pair);
  const id = visitor.conversationId;
  const [a, b] = await Promise.all([pair.one.reply(id, '同一句', clientId), pair.two.reply(id, '同一句', clientId)]);
  const wrong: string[] = [];
  if ([a.status, b.status].sort().join() !== '200,201') wrong.push(`same clientId: ${a.status} and ${b.status}`);
  if (a.body.id !== b.body.id || a.body.author.id !== b.body.author.id)
    wrong.push('same clientId: the two were told of different messages');
  const stored = (await pair.one.messages(id)).filter((message) => message.direction === 'outbound');
  if (stored.length !== 1) wrong.push(`same clientId: ${stored.length} messages are stored`);
  const assignee = (await pair.one.conversation(id)).assignee?.id;
  if (assignee !== stored[0]?.author.id) wrong.push('same clientId: the conversation is not its writer’s');
  return [...wrong, ...(await sameForAll(pair, id))];
}

/** Given to a colleague while the other ends it: resolved in the end, whichever came first, and who came too late is told. */
export async function assignAgainstResolve(pair: Pair, order: Order): Outcome {
  const visitor = await waiting(pair);
  const id = visitor.conversationId;
  const [assigned, resolved] = await atOnce(
    order,
    () => pair.one.call<Conversation>('POST', `/conversations/${id}/assign`, { json: { agentId: pair.two.me.id } }),
    () => pair.two.call<Conversation>('POST', `/conversations/${id}/resolve`, { json: {} }),
  );
  const wrong: string[] = [];
  if (resolved.status !== 200 || resolved.body.status !== 'resolved') wrong.push(`resolve: ${told(resolved)}`);
  const late = assigned.status === 409 && assigned.text.includes('conversation_resolved');
  const first =
    assigned.status === 200 && assigned.body.status === 'open' && assigned.body.assignee?.id === pair.two.me.id;
  if (!late && !first) wrong.push(`assign against resolve: ${told(assigned)}`);
  const last = await pair.one.conversation(id);
  if (last.status !== 'resolved' || last.assignee !== null || last.session !== null)
    wrong.push(`assign against resolve: ${last.status}, ${last.assignee?.name}`);
  const given = (await pair.one.get<{ items: { type: string }[] }>(`/conversations/${id}/decisions`)).items.filter(
    (decision) => decision.type === 'by_hand',
  );
  if (given.length !== (first ? 1 : 0)) wrong.push(`assign against resolve: ${given.length} assignments are on record`);
  return [...wrong, ...(await sameForAll(pair, id))];
}

/** Handed to a team while somebody takes it: what the later of the two said holds. */
export async function transferAgainstAssign(pair: Pair, team: Team, order: Order): Outcome {
  const visitor = await waiting(pair);
  const id = visitor.conversationId;
  const [moved, assigned] = await atOnce(
    order,
    () =>
      pair.one.call<Conversation>('POST', `/conversations/${id}/transfer`, { json: { teamId: team.id, note: '请看' } }),
    () => pair.two.call<Conversation>('POST', `/conversations/${id}/assign`, { json: { agentId: pair.two.me.id } }),
  );
  const wrong: string[] = [];
  if (moved.status !== 200 || moved.body.teamId !== team.id || moved.body.assignee !== null)
    wrong.push(`transfer: ${told(moved)}`);
  if (assigned.status !== 200 || assigned.body.assignee?.id !== pair.two.me.id) wrong.push(`assign: ${told(assigned)}`);
  if (wrong.length > 0) return wrong;
  const last = await pair.one.conversation(id);
  const later = moved.body.updatedAt > assigned.body.updatedAt ? moved.body : assigned.body;
  if (last.assignee?.id !== later.assignee?.id || last.teamId !== team.id)
    wrong.push(`transfer against assign: ${last.assignee?.name} of ${last.teamId}, told ${later.assignee?.name}`);
  return [...wrong, ...(await sameForAll(pair, id))];
}

/** Accepted in two windows at once: it is theirs, once; both windows are told so. */
export async function acceptTwice(pair: Pair, offered: Offering): Outcome {
  const { offer, agent, visitor } = offered;
  const id = visitor.conversationId;
  const answers = await Promise.all([accept(agent, offer), accept(agent, offer)]);
  const wrong = answers
    .filter((answer) => answer.status !== 200 || answer.body.assignee?.id !== agent.me.id)
    .map((answer) => `accept twice: ${told(answer)}`);
  return [...wrong, ...(await endedOnce(pair, offer, 'accepted')), ...(await sameForAll(pair, id))];
}

/** Accepted while somebody gives it to the colleague: the colleague has it in the end; a late accept is told that it is late. */
export async function acceptAgainstAssign(pair: Pair, offered: Offering, order: Order): Outcome {
  const { offer, agent, other, visitor } = offered;
  const id = visitor.conversationId;
  const [accepted, assigned] = await atOnce(
    order,
    () => accept(agent, offer),
    () => other.call<Conversation>('POST', `/conversations/${id}/assign`, { json: { agentId: other.me.id } }),
  );
  const wrong: string[] = [];
  if (assigned.status !== 200 || assigned.body.assignee?.id !== other.me.id) wrong.push(`assign: ${told(assigned)}`);
  const late = accepted.status === 409 && accepted.text.includes('offer_ended');
  const first = accepted.status === 200 && accepted.body.assignee?.id === agent.me.id;
  if (!late && !first) wrong.push(`accept against assign: ${told(accepted)}`);
  const last = await pair.one.conversation(id);
  if (last.assignee?.id !== other.me.id) wrong.push(`accept against assign: ${last.assignee?.name} has it`);
  return [
    ...wrong,
    ...(await endedOnce(pair, offer, first ? 'accepted' : 'withdrawn')),
    ...(await sameForAll(pair, id)),
  ];
}

/** A failed answer is sent again by both at once: one of them does it, the other is told that it is done. */
export async function retryTwice(pair: Pair, failed: Message): Outcome {
  const path = `/conversations/${failed.conversationId}/messages/${failed.id}/retry`;
  const answers = await Promise.all([pair.one, pair.two].map((agent) => agent.call('POST', path, { json: {} })));
  const done = answers.filter((answer) => answer.status === 200).length;
  const late = answers.filter((answer) => answer.status === 409 && answer.text.includes('not_failed')).length;
  const wrong = done === 1 && late === 1 ? [] : [`retry twice: ${answers.map(told).join(' and ')}`];
  await eventually('it is sent', async () =>
    (await pair.one.messages(failed.conversationId)).some(
      (message) => message.id === failed.id && message.state === 'sent',
    ),
  );
  return wrong;
}

/** Work that was offered to one of the two. */
export interface Offering {
  readonly offer: Offer;
  readonly agent: AgentClient;
  readonly other: AgentClient;
  readonly visitor: VisitorClient;
}

/** A customer whose conversation is being offered; the team asks before it gives. */
export async function offering(pair: Pair): Promise<Offering> {
  const visitor = await pair.stage.visitor(pair.account);
  await visitor.say('谁来接');
  const matches = offerFrame('offer.created', visitor.conversationId);
  const frame = await Promise.race(pair.screens.map((screen) => screen.waitFor('an offer', matches)));
  const offer = frame.data as Offer;
  const [agent, other] = offer.agentId === pair.one.me.id ? [pair.one, pair.two] : [pair.two, pair.one];
  return { offer, agent, other, visitor };
}

/** An answer of the first agent's that has gone out. */
export async function sent(pair: Pair): Promise<Message> {
  const visitor = await waiting(pair);
  const message = expectStatus(await pair.one.reply(visitor.conversationId, '答复'), 201);
  await assignedTo(pair.one, visitor.conversationId, pair.one.me.id);
  return eventually('it is sent', async () =>
    (await pair.one.messages(visitor.conversationId)).find((one) => one.id === message.id && one.state === 'sent'),
  );
}

async function waiting(pair: Pair): Promise<VisitorClient> {
  const visitor = await pair.stage.visitor(pair.account);
  await visitor.say('在吗');
  await eventually(
    'it is there',
    async () => (await pair.one.call('GET', `/conversations/${visitor.conversationId}`)).status === 200,
  );
  return visitor;
}

const accept = (agent: AgentClient, offer: Offer): Promise<Answer<Conversation>> =>
  agent.call<Conversation>('POST', `/offers/${offer.id}/accept`, { json: {} });

const told = (answer: Answer): string => `${answer.status} ${answer.text.slice(0, 160)}`;

/** Every screen that shows the offer at all has seen it end once, and how. */
async function endedOnce(pair: Pair, offer: Offer, state: Offer['state']): Promise<string[]> {
  const ends = (screen: FrameSocket): Offer[] =>
    screen.frames
      .filter((frame) => frame.type === 'offer.ended' && (frame.data as Offer).id === offer.id)
      .map((frame) => frame.data as Offer);
  const screen = pair.screens[offer.agentId === pair.one.me.id ? 0 : 1]!;
  await screen.waitFor('the offer ends', () => ends(screen).length > 0);
  await screen.roundTrip();
  const seen = ends(screen).map((one) => one.state);
  return seen.join() === state ? [] : [`the offer ended as ${seen.join(', ')}, not as ${state}`];
}

/** Both screens end with the conversation as the record has it. */
async function sameForAll(pair: Pair, id: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [n, screen] of pair.screens.entries()) {
    try {
      await eventually(`screen ${n} shows what is on record`, async () => {
        const last = screen.frames.findLast(
          (frame) => frame.type === 'conversation.updated' && (frame.data as Conversation).id === id,
        )?.data as Conversation | undefined;
        const record = await pair.one.conversation(id);
        return last?.updatedAt === record.updatedAt && outline(last) === outline(record);
      });
    } catch (error) {
      wrong.push(error instanceof Error ? error.message : String(error));
    }
  }
  return wrong;
}

const outline = ({ status, assignee, teamId, session }: Conversation): string =>
  JSON.stringify([status, assignee?.id ?? null, teamId, session?.id ?? null]);
