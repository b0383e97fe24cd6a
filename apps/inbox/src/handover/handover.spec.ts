import { MessageBus, wrap } from '@huiliu/bus';
import {
  CHANNELS,
  type HandOverCommand,
  type Message,
  type MessageFact,
  type Servicer,
  type Signal,
} from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { ChannelRegistry } from '../channels/channel-registry';
import { CoreApp } from '../testing/core-app';
import type { Person } from '../testing/edges-app';
import { definitionOf } from '../testing/test-inbox';

describe('handing a conversation to a servicer of the platform', () => {
  let app: CoreApp;
  let anna: Person;
  beforeAll(async () => {
    app = await CoreApp.start();
    anna = await app.person();
    const able = { ...definitionOf('fake', false), handover: true };
    await app.publish(wrap(CHANNELS, 'channel.defined', 'fake', able, new Date()));
    const registry = app.service.app.get(ChannelRegistry);
    await eventually('the channel can', () => registry.definition('fake')?.handover === true);
  });
  afterAll(() => app.stop());

  /** The connector's part: answers who asks for servicers. */
  function answering(answer: { servicers: Servicer[] | null; error: string | null }): () => void {
    const bus = app.service.app.get(MessageBus);
    return bus.onSignal((signal) => {
      const { type, askId } = signal as { type: string; askId: string };
      if (type === 'servicers.ask') bus.signal({ type: 'servicers.told', askId, ...answer } satisfies Signal);
    });
  }
  const lineOf = async (id: string): Promise<Message | undefined> =>
    (await app.messages(id)).find(({ direction }) => direction === 'system');

  it('shows who could take it, as the platform says, and why where it does not', async () => {
    const { id } = await app.writes('servicers-1');
    const items = [{ id: 'wang', name: 'Wang', available: false }];
    let silence = answering({ servicers: items, error: null });
    expect((await app.call(anna, 'GET', `/conversations/${id}/servicers`)).body).toEqual({ items, nextCursor: null });
    silence();
    silence = answering({ servicers: null, error: '应用没有这个接口的权限' });
    const refused = await app.call<{ error: object }>(anna, 'GET', `/conversations/${id}/servicers`);
    expect([refused.status, refused.body.error]).toEqual([
      409,
      expect.objectContaining({ code: 'platform_refused', message: '应用没有这个接口的权限' }),
    ]);
    silence();
  });

  it('commands it, leaves it whose it is, and tells the outcome in the record', async () => {
    const { id } = await app.writes('handover-1');
    await app.act(anna, id, 'assign', { agentId: anna.id });
    const note = '客户要退款';
    const after = await app.act(anna, id, 'handover', { servicerId: 'wang', note });
    expect(after).toMatchObject({ status: 'open', assignee: { id: anna.id } });
    const written = (await app.messages(id)).map(({ direction, content }) => [direction, content.text]);
    expect(written.slice(1)).toEqual([
      ['note', note],
      ['system', expect.stringContaining('wang')],
    ]);
    const line = (await lineOf(id)) as Message;
    expect(line).toMatchObject({ author: { type: 'agent', id: anna.id }, state: 'received', error: null });
    expect(line.content).toMatchObject({ event: { type: 'session_changed', key: 'wang', platformType: 'hand_over' } });
    const told = (command: HandOverCommand): boolean => command.conversationId === id;
    expect(await app.heard<HandOverCommand>('conversation.hand_over', told)).toMatchObject([
      { messageId: line.id, servicerId: 'wang', remoteContactId: 'handover-1' },
    ]);
    await app.tells(line, 'handed_over');
    const facts = await app.heard<MessageFact>('message.updated', ({ message }) => message.id === line.id);
    expect(facts.at(-1)?.message.content).toMatchObject({ event: { platformType: 'handed_over', key: 'wang' } });
    // It has come to its end: what is told later changes nothing.
    await app.tells(line, 'handover_failed', { error: { kind: 'rejected', code: '1', message: 'late' } });

    await app.act(anna, id, 'handover', { servicerId: 'li' });
    const second = (await app.messages(id)).at(-1) as Message;
    const error = { kind: 'rejected' as const, code: '95014', message: '没有在接待' };
    await app.tells(second, 'handover_failed', { error });
    await eventually('told', async () => (await app.messages(id)).at(-1)?.error !== null);
    expect((await app.messages(id)).at(-1)).toMatchObject({
      state: 'received',
      error,
      content: { text: expect.stringContaining('没有在接待'), event: { platformType: 'handover_failed', key: 'li' } },
    });
    expect(await lineOf(id)).toMatchObject({ error: null, content: { event: { platformType: 'handed_over' } } });
  });

  it('is refused where the channel has no servicers, when it is resolved, and to whom it is out of sight', async () => {
    const body = { servicerId: 'wang' };
    const { id: other } = await app.writes('handover-2', {}, true);
    const tried = async (who: Person, id: string, json: object = body) => {
      const { status, body: answer } = await app.call<{ error?: { code: string } }>(
        who,
        'POST',
        `/conversations/${id}/handover`,
        json,
      );
      return [status, answer.error?.code];
    };
    expect(await tried(anna, other)).toEqual([409, 'handover_not_supported']);
    expect((await app.call(anna, 'GET', `/conversations/${other}/servicers`)).status).toBe(409);
    const { id } = await app.writes('handover-3');
    expect(await tried(anna, id, {})).toEqual([400, 'invalid']);
    await app.act(anna, id, 'resolve');
    expect(await tried(anna, id)).toEqual([409, 'conversation_resolved']);
    expect((await tried(anna, newId()))[0]).toBe(404);
  });
});
