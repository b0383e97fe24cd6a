import type { Conversation } from '@huiliu/contracts';
import { eventually, expectStatus, uniqueName } from '@huiliu/testing';
import { MailCustomer } from '../sandbox-mail';
import { textsOf, type Stage } from '../stage';

/** A customer writes mails in the sandbox, and reads the answers: over the real connector, SMTP and IMAP. */
export function mails(stage: () => Stage): void {
  describe('a mail written in the sandbox', () => {
    const conversationWith = (text: string): Promise<Conversation> =>
      eventually(
        `a conversation with ${text}`,
        async () =>
          (await stage().admin.conversations()).find(({ lastMessage }) => lastMessage?.content.text.includes(text)),
        30_000,
      );

    it('becomes a conversation; the answer comes back into its thread, and what is written to it joins', async () => {
      const customer = await MailCustomer.at(stage());
      const { admin } = stage();
      const [question, answer, thanks] = [uniqueName('尺码'), uniqueName('选 L'), uniqueName('谢谢')];

      const first = await customer.write('羽绒服的尺码', question);
      const conversation = await conversationWith(question);
      expect(conversation).toMatchObject({ channel: 'email', contact: { name: '陈静' } });
      expectStatus(await admin.reply(conversation.id, answer), 201);

      const reply = await customer.received(answer);
      expect(reply).toMatchObject({ subject: 'Re: 羽绒服的尺码', inReplyTo: first, references: [first] });
      expect(reply.thread).toBe((await customer.mails())[0]?.id);

      await customer.write('Re: 羽绒服的尺码', `${thanks}\n\n在 2026年11月27日，汇流 写道：\n> ${answer}`, reply.id);
      const joined = await conversationWith(thanks);
      expect(joined.id).toBe(conversation.id);
      const texts = textsOf(await admin.messages(conversation.id));
      expect(texts).toHaveLength(3);
      expect(texts[2]).toContain(thanks);
      const [, sent] = await admin.messages(conversation.id);
      expect(sent).toMatchObject({ direction: 'outbound', state: 'sent' });
    });

    it('is one of its own when only its subject is that of another', async () => {
      const customer = await MailCustomer.at(stage());
      const [one, two] = [uniqueName('甲'), uniqueName('乙')];
      await customer.write('Re: 订单', one);
      await customer.write('Re: 订单', two);
      expect((await conversationWith(one)).id).not.toBe((await conversationWith(two)).id);
    });
  });
}
