import { expectStatus, type FrameSocket } from '@huiliu/testing';
import { assignedTo, type Stage } from '../stage';
import { createdTexts, messageFrame } from './frames';

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `消息 ${from + i}`);

/** Asks for everything after a position; what came on the socket before is not of interest any more. */
function resume(socket: FrameSocket, position: string): void {
  socket.frames.length = 0;
  socket.send({ type: 'resume', seq: position });
}

/** Screens have no gaps. */
export function resuming(stage: () => Stage): void {
  describe('after a cut', () => {
    it("the agent's screen goes on where it stopped: everything once and in order", async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const before = await agent.connect();
      for (const text of numbered(1, 3)) await visitor.say(text);
      await before.waitFor('the third', messageFrame('消息 3'));
      const position = before.position;
      const shown = createdTexts(before, visitor.conversationId);
      await before.cut();

      const meanwhile = await agent.connect();
      for (const text of numbered(4, 33)) await visitor.say(text);
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      // All of it is past: what is still on its way when a page connects comes to it live, before it resumes.
      await meanwhile.waitFor('the last', messageFrame('消息 33'));
      await meanwhile.close();
      const after = await agent.connect();
      resume(after, position);
      await after.waitFor('the last one missed', messageFrame('消息 33'));
      await visitor.say('消息 34');
      await after.waitFor('a new one', messageFrame('消息 34'));
      expect([...shown, ...createdTexts(after, visitor.conversationId)]).toEqual(numbered(1, 34));

      // From the same position again: the same frames again, in the same order.
      const frames = after.frames.map((frame) => frame.seq);
      const again = await agent.connect();
      resume(again, position);
      await again.waitFor('the last one', (frame) => frame.seq === frames.at(-1));
      expect(again.frames.map((frame) => frame.seq).slice(0, frames.length)).toEqual(frames);
      await Promise.all([after.close(), again.close()]);
    });

    it("the visitor's page goes on where it stopped", async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const before = await visitor.connect();
      await visitor.say('开始');
      await before.waitFor('the first', messageFrame('开始'));
      const position = before.position;
      await before.cut();
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const meanwhile = await visitor.connect();
      for (const text of numbered(1, 20)) expectStatus(await agent.reply(visitor.conversationId, text), 201);
      await meanwhile.waitFor('the last', messageFrame('消息 20'));
      await meanwhile.close();
      const after = await visitor.connect();
      resume(after, position);
      await after.waitFor('the last one missed', messageFrame('消息 20'));
      expectStatus(await agent.reply(visitor.conversationId, '消息 21'), 201);
      await after.waitFor('a new one', messageFrame('消息 21'));
      expect(createdTexts(after)).toEqual(numbered(1, 21));
      await after.close();
    });

    it('while messages keep coming: none is missing and none comes twice', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const first = await agent.connect();
      await visitor.say('消息 1');
      await first.waitFor('the first', messageFrame('消息 1'));
      const position = first.position;
      await first.cut();
      const writing = (async () => {
        for (const text of numbered(2, 60)) await visitor.say(text);
      })();
      const second = await agent.connect();
      second.send({ type: 'resume', seq: position });
      await writing;
      await second.waitFor('the last one', messageFrame('消息 60'), 30_000);
      // What came between `hello` and the resume comes again; from the resume on each comes once: its last run is the whole.
      const texts = createdTexts(second, visitor.conversationId);
      expect(texts.slice(texts.lastIndexOf('消息 2'))).toEqual(numbered(2, 60));
      await second.close();
    });

    it('what cannot be resumed gets `reload`', async () => {
      const { agent } = await stage().desk();
      const screen = await agent.connect();
      screen.send({ type: 'resume', seq: 'from-another-life' });
      expect((await screen.next('reload')).type).toBe('reload');
      await screen.close();
    });
  });
}
