import fc from 'fast-check';
import type { ConversationAccess, Message, ServerFrame } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually, type FrameSocket } from '@huiliu/testing';
import { EdgesApp, recordFrames, type Person } from '../testing/edges-app';

const seqOf = (frame: ServerFrame): number => (frame.data as Message).seq;
const created = (socket: FrameSocket, conversationId: string): number[] =>
  recordFrames(socket)
    .filter((frame) => frame.type === 'message.created' && (frame.data as Message).conversationId === conversationId)
    .map(seqOf);

describe("an agent's socket", () => {
  let app: EdgesApp;
  let ann: Person;
  let ben: Person;
  let shop: string;
  let team: string;
  const open = (over: Partial<ConversationAccess> = {}): ConversationAccess => ({
    assigneeId: null,
    teamId: null,
    accountId: shop,
    ...over,
  });

  beforeAll(async () => {
    app = await EdgesApp.start();
    [ann, ben] = [await app.person(), await app.person()];
    shop = newId();
    team = (await app.team({ name: 'T', agentIds: [ann.id] })).id;
  });
  afterAll(() => app.stop());

  /** Waits until everything published so far has reached the sockets: a mark that everyone sees comes last. */
  const settled = async (...sockets: FrameSocket[]): Promise<void> => {
    const mark = newId();
    await app.message(mark, 1, open());
    await Promise.all(
      sockets.map((socket) =>
        socket.waitFor(
          'mark',
          (frame) => frame.type === 'message.created' && (frame.data as Message).conversationId === mark,
        ),
      ),
    );
  };

  it('begins with hello, then gets what its agent may see, the messages as they are', async () => {
    const [hers, his] = [await app.socket(ann), await app.socket(ben)];
    const id = newId();
    await app.message(id, 1, open({ teamId: team }));
    await settled(hers, his);
    expect(hers.frames[0]).toMatchObject({ type: 'hello', seq: expect.any(String) as string });
    expect(created(hers, id)).toEqual([1]);
    expect(created(his, id)).toEqual([]);
    const frame = hers.frames.find((one) => one.type === 'message.created') as ServerFrame;
    expect(Object.keys(frame).sort()).toEqual(['data', 'seq', 'type']);
    expect(frame.data).toMatchObject({ conversationId: id, seq: 1, content: { kind: 'text', text: 'message 1' } });
    expect(JSON.stringify(his.frames)).not.toContain(id);
    await Promise.all([hers.close(), his.close()]);
  });

  it('is told when a conversation comes into sight and when it leaves', async () => {
    const [hers, his] = [await app.socket(ann), await app.socket(ben)];
    const id = newId();
    await app.moved(id, open({ teamId: team }), null);
    await app.moved(id, open({ teamId: team, assigneeId: ben.id }), open({ teamId: team }));
    await app.moved(id, open({ teamId: newId(), assigneeId: ben.id }), open({ teamId: team, assigneeId: ben.id }));
    await settled(hers, his);
    const about = (socket: FrameSocket): string[] =>
      recordFrames(socket)
        .filter((frame) => frame.type.startsWith('conversation.') && (frame.data as { id: string }).id === id)
        .map((frame) => frame.type);
    expect(about(hers)).toEqual(['conversation.updated', 'conversation.updated', 'conversation.removed']);
    expect(about(his)).toEqual(['conversation.updated', 'conversation.updated']);
    await Promise.all([hers.close(), his.close()]);
  });

  it('replays by what its agent may see now, not by what held then', async () => {
    const his = await app.socket(ben);
    const from = his.position;
    const [lost, won] = [newId(), newId()];
    await app.message(lost, 1, open({ assigneeId: ben.id, teamId: team }));
    await app.message(won, 1, open({ teamId: team }));
    await app.moved(lost, open({ teamId: team }), open({ assigneeId: ben.id, teamId: team }));
    await app.moved(won, open({ assigneeId: ben.id, teamId: team }), open({ teamId: team }));
    await settled(his);
    expect([created(his, lost), created(his, won)]).toEqual([[1], []]);
    const again = await app.socket(ben);
    again.send({ type: 'resume', seq: from });
    await again.roundTrip();
    expect([created(again, lost), created(again, won)]).toEqual([[], [1]]);
    await Promise.all([his.close(), again.close()]);
  });

  /** Opens a socket that resumes. The answer to a bad frame marks where in its stream the resume begins. */
  const resumed = async (who: Person, seq: string): Promise<FrameSocket> => {
    const socket = await app.socket(who);
    socket.send('mark');
    socket.send({ type: 'resume', seq });
    await socket.next('error');
    return socket;
  };
  const sinceResume = (socket: FrameSocket): ServerFrame[] =>
    socket.frames.slice(socket.frames.findIndex(({ type }) => type === 'error') + 1);

  it('resumes without gap or double wherever it is cut, while records arrive, and agrees with a socket that never was', async () => {
    const id = newId();
    let published = 0;
    const publish = async (count: number): Promise<void> => {
      await Promise.all(Array.from({ length: count }, () => app.message(id, ++published, open())));
    };
    const steady = await app.socket(ann);
    const steps = fc.array(
      fc.record({
        live: fc.integer({ min: 0, max: 12 }),
        away: fc.integer({ min: 0, max: 12 }),
        arriving: fc.integer({ min: 0, max: 12 }),
        politely: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        const first = published;
        let position = steady.position;
        await settled(steady);
        const got: number[] = [];
        const leave = (socket: FrameSocket): void => {
          const frames = sinceResume(socket).filter(({ seq }) => seq !== null);
          position = frames.at(-1)?.seq ?? position;
          for (const frame of frames)
            if (frame.type === 'message.created' && (frame.data as Message).conversationId === id)
              got.push(seqOf(frame));
        };
        for (const { live, away, arriving, politely } of story) {
          const arrives = publish(arriving);
          const socket = await resumed(ann, position);
          await arrives;
          await publish(live);
          // Cut wherever it stands: what was published may be under way.
          await (politely ? socket.close() : socket.cut());
          leave(socket);
          await publish(away);
        }
        const last = await resumed(ann, position);
        await last.roundTrip();
        await settled(last);
        leave(last);
        await last.close();
        expect(got).toEqual(Array.from({ length: published - first }, (_, i) => first + i + 1));
      }),
      { numRuns: 25 },
    );
    await settled(steady);
    expect(created(steady, id)).toEqual(Array.from({ length: published }, (_, i) => i + 1));
    await steady.close();
  }, 30_000);

  it('asks for a reload when it cannot be resumed', async () => {
    const socket = await app.socket(ann);
    for (const seq of ['nonsense', 'AAAA', socket.position.slice(0, -3)]) {
      const before = socket.frames.length;
      socket.send({ type: 'resume', seq });
      await eventually('a reload', () => socket.frames.slice(before).some(({ type }) => type === 'reload'));
    }
    await settled(socket);
    await socket.close();
  });

  it('is asked to reload when its teams or role change', async () => {
    const carl = await app.person();
    const [his, hers] = [await app.socket(carl), await app.socket(ann)];
    await app.call(app.admin, 'PUT', `/teams/${team}`, { json: { agentIds: [ann.id, carl.id] } });
    await his.next('reload');
    await app.call(app.admin, 'PUT', `/agents/${carl.id}`, { json: { role: 'admin' } });
    await his.waitFor('second reload', () => his.frames.filter(({ type }) => type === 'reload').length === 2);
    const id = newId();
    await app.message(id, 1, open({ teamId: newId() }));
    await settled(his, hers);
    expect([created(his, id), created(hers, id)]).toEqual([[1], []]);
    expect(hers.frames.some(({ type }) => type === 'reload')).toBe(false);
    await Promise.all([his.close(), hers.close()]);
  });

  it('passes typing on to those who see the conversation, and not to who types', async () => {
    const id = await app.conversation(open({ teamId: team }));
    const [hers, his, boss] = [await app.socket(ann), await app.socket(ben), await app.socket(app.admin)];
    his.send({ type: 'typing', conversationId: id });
    await his.roundTrip();
    hers.send({ type: 'typing', conversationId: id });
    const typing = await boss.next('typing');
    expect(typing).toMatchObject({ seq: null, data: { conversationId: id, by: { type: 'agent', id: ann.id } } });
    await Promise.all([hers.roundTrip(), his.roundTrip()]);
    for (const socket of [hers, his]) expect(socket.frames.some(({ type }) => type === 'typing')).toBe(false);
    expect(boss.frames.filter(({ type }) => type === 'typing')).toHaveLength(1);
    await Promise.all([hers.close(), his.close(), boss.close()]);
  });

  it('tells offers to the offered agent and to who sees the conversation', async () => {
    const [hers, his] = [await app.socket(ann), await app.socket(ben)];
    const id = newId();
    await app.moved(id, open({ teamId: team }), null);
    const at = new Date().toISOString();
    const offer = {
      id: newId(),
      conversationId: id,
      agentId: ann.id,
      state: 'open' as const,
      expiresAt: at,
      createdAt: at,
      endedAt: null,
    };
    await app.fact('offer.created', id, { offer });
    await app.fact('offer.ended', newId(), {
      offer: { ...offer, conversationId: newId(), agentId: ben.id, state: 'expired', endedAt: at },
    });
    await settled(hers, his);
    const offers = (socket: FrameSocket): string[] =>
      recordFrames(socket)
        .map(({ type }) => type)
        .filter((type) => type.startsWith('offer.'));
    expect([offers(hers), offers(his)]).toEqual([['offer.created'], ['offer.ended']]);
    await Promise.all([hers.close(), his.close()]);
  });

  it.each([
    ['not JSON'],
    ['null'],
    ['[]'],
    ['7'],
    ['{}'],
    ['{"type":"base"}'],
    ['{"type":"__proto__"}'],
    ['{"type":"constructor"}'],
    ['{"type":"toString"}'],
    ['{"type":{"type":"ping"}}'],
    ['{"type":"ping","extra":1}'],
    ['{"type":"resume"}'],
    ['{"type":"resume","seq":7}'],
    ['{"type":"typing","conversationId":"x"}'],
    ['{"__proto__":{"type":"ping"}}'],
    ['['.repeat(4000)],
  ])('answers bad frame %# with the one error and lives on', async (frame) => {
    const socket = await app.socket(ann);
    socket.send(frame);
    const error = await socket.next('error');
    expect(error).toEqual({
      seq: null,
      type: 'error',
      data: { code: 'bad_frame', message: 'unknown or malformed frame' },
    });
    await socket.roundTrip();
    await socket.close();
  });

  it('closes on binary, oversized and badly encoded frames with their codes', async () => {
    const closing = async (act: (socket: FrameSocket) => void): Promise<number> => {
      const socket = await app.socket(ann);
      act(socket);
      return (await socket.closed).code;
    };
    expect(await closing((socket) => socket.socket.send(Buffer.from([1, 2, 3])))).toBe(1003);
    expect(await closing((socket) => socket.send('x'.repeat(100_000)))).toBe(1009);
    expect(await closing((socket) => socket.socket.send(Buffer.from([0xff, 0xfe]), { binary: false }))).toBe(1007);
  });

  it('closes a client that does not read with 1013, and nobody else', async () => {
    const [slow, quick] = [await app.socket(ann), await app.socket(ben)];
    slow.socket.pause();
    const id = newId();
    const text = '慢'.repeat(20_000);
    for (let seq = 1; seq <= 120; seq++) {
      const { message, ...fact } = {
        message: { ...messageWith(id, seq, text) },
        accountId: shop,
        public: true,
        access: open(),
      };
      await app.fact('message.created', id, { message, ...fact });
    }
    await settled(quick);
    slow.socket.resume();
    expect((await slow.closed).code).toBe(1013);
    const seen = created(slow, id);
    expect(seen).toEqual(seen.map((_, i) => i + 1));
    expect(created(quick, id)).toHaveLength(120);
    await quick.close();
  });
});

function messageWith(conversationId: string, seq: number, text: string): Message {
  const author = { type: 'contact' as const, id: null, name: '客户' };
  const rest = {
    state: 'received' as const,
    error: null,
    remoteId: null,
    remoteIds: [],
    clientId: null,
    recalledAt: null,
    createdAt: '2026-11-23T12:00:00.000Z',
  };
  return { id: newId(), conversationId, seq, direction: 'inbound', author, content: { kind: 'text', text }, ...rest };
}
