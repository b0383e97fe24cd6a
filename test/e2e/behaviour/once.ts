import { expectStatus } from '@huiliu/testing';
import { assignedTo, textsOf, type Stage } from '../stage';
import { createdTexts, messageFrame } from './frames';

const FIVE = [1, 2, 3, 4, 5];

/** Nothing is shown twice, however often it is said. */
export function once(stage: () => Stage): void {
  describe('once', () => {
    it('the same visitor message posted five times at once is one message', async () => {
      const { account, agent } = await stage().desk();
      const screen = await agent.connect();
      const visitor = await stage().visitor(account);
      const answers = await Promise.all(FIVE.map(() => visitor.post('只说一次', 'once-1')));
      expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202, 202, 202]);
      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      await visitor.say('完了');
      await screen.waitFor('the last message', messageFrame('完了'));
      expect(createdTexts(screen, visitor.conversationId)).toEqual(['只说一次', '完了']);
      expect(textsOf(await visitor.messages())).toEqual(['只说一次', '完了']);
      expect(
        (await agent.messages(visitor.conversationId))
          .filter((message) => message.direction === 'inbound')
          .map((message) => message.seq),
      ).toHaveLength(2);
      await screen.close();
    });

    it('the same agent reply posted five times at once is one reply', async () => {
      const { account, agent } = await stage().desk();
      const visitor = await stage().visitor(account);
      const page = await visitor.connect();
      await visitor.say('在吗');
      await assignedTo(agent, visitor.conversationId, agent.me.id);
      const answers = await Promise.all(FIVE.map(() => agent.reply(visitor.conversationId, '在', 'reply-1')));
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 201]);
      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      expectStatus(await agent.reply(visitor.conversationId, '请讲'), 201);
      await page.waitFor('the last reply', messageFrame('请讲'));
      expect(createdTexts(page)).toEqual(['在吗', '在', '请讲']);
      expect(textsOf(await visitor.messages())).toEqual(['在吗', '在', '请讲']);
      await page.close();
    });

    it('many messages at once from many visitors are each stored once, in the order of their visitor', async () => {
      const { account, agent } = await stage().desk(500);
      const visitors = await Promise.all(Array.from({ length: 8 }, () => stage().visitor(account)));
      const texts = Array.from({ length: 12 }, (_, i) => `第 ${i + 1} 句`);
      await Promise.all(
        visitors.map(async (visitor) => {
          for (const text of texts) await visitor.say(text);
        }),
      );
      for (const visitor of visitors) {
        const page = await visitor.connect();
        await assignedTo(agent, visitor.conversationId);
        await visitor.say('完');
        await page.waitFor('the last one', messageFrame('完'));
        const stored = (await agent.messages(visitor.conversationId)).filter(
          (message) => message.direction === 'inbound',
        );
        expect(textsOf(stored)).toEqual([...texts, '完']);
        await page.close();
      }
    });
  });
}
