import {
  INTERNAL_TOKEN_HEADER,
  UPLOADER_HEADER,
  type Attachment,
  type Content,
  type Conversation,
  type MailReplyTarget,
  type Message,
  type SendCommand,
} from '@huiliu/contracts';
import { InternalAuth, newId } from '@huiliu/platform';
import { call, eventually, expectStatus } from '@huiliu/testing';
import { CoreApp } from '../testing/core-app';
import { mailContent, type Mail } from '../testing/mails';
import type { Person } from '../testing/edges-app';

const ANN = 'ann@example.com';
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

describe('mails and the answers to them', () => {
  let app: CoreApp;
  let me: Person;
  beforeAll(async () => {
    app = await CoreApp.start();
    const config = { address: 'help@shop.example' };
    expectStatus(await app.call(app.admin, 'PUT', `/accounts/${app.accountId}`, { name: 'Mail', config }), 200);
    me = await app.person();
  });
  afterAll(() => app.stop());

  const writes = (mail: Mail, content: Content = mailContent(mail.from, mail.content)): Promise<Conversation> =>
    app.writes(mail.from, {
      remoteId: mail.id,
      remoteConversationId: mail.id,
      contact: { remoteId: mail.from, name: 'Ann', verified: false },
      thread: { references: [...(mail.references ?? [])] },
      content,
    });
  const answers = async (
    conversation: Conversation,
    text: string,
  ): Promise<{ message: Message; sent: SendCommand }> => {
    const message = expectStatus(
      await app.call<Message>(me, 'POST', `/conversations/${conversation.id}/messages`, {
        clientId: newId(),
        content: { kind: 'text', text },
      }),
      201,
    );
    return { message, sent: await commandFor(message, 1) };
  };
  const commandFor = (message: Message, attempt: number): Promise<SendCommand> =>
    eventually('the command to send', () =>
      app.sent.find((command) => command.messageId === message.id && command.attempt === attempt),
    );

  it('go to who wrote last, under the last subject, with the whole chain and those who had copies', async () => {
    const cc = ['老板 <boss@example.com>', 'Help <help+tag@shop.example>', 'BOSS@example.com', ANN];
    const thread = await writes({ id: 'a1', from: ANN, references: ['before-2', 'before-1'], content: { cc } });
    const first = await answers(thread, '今天发货。');
    expect(first.sent).toMatchObject({
      inReplyTo: 'a1',
      mail: {
        subject: '订单',
        references: ['before-1', 'before-2', 'a1'],
        to: [{ name: 'ann', address: ANN }],
        cc: ['老板 <boss@example.com>'],
        quote: { from: `ann <${ANN}>`, text: '请问什么时候发货？' },
      },
    });
    await app.becomes(first.message, 'accepted', 'sent', { remoteIds: ['ours-1'] });
    const replyTo = { name: '安', address: 'private@example.com' };
    await writes({ id: 'a2', from: ANN, references: ['ours-1', 'a1'], content: { subject: 'Re: 订单', replyTo } });
    await writes({
      id: 'auto',
      from: ANN,
      references: ['ours-1'],
      content: { automatic: 'auto-reply', subject: '休假' },
    });
    const target = expectStatus(
      await app.call<MailReplyTarget>(me, 'GET', `/conversations/${thread.id}/mail-reply`),
      200,
    );
    expect(target).toEqual({ mail: { subject: 'Re: 订单', to: [replyTo], cc: [] } });
    const second = await answers(thread, '好的。');
    expect(second.sent).toMatchObject({
      inReplyTo: 'a2',
      mail: {
        ...target.mail,
        references: ['before-1', 'before-2', 'a1', 'ours-1', 'a2', 'auto'],
      },
    });
    // What comes meanwhile changes nothing of what is sent again.
    await app.becomes(second.message, 'failed', 'failed', {
      error: { kind: 'rejected', code: '550', message: 'no such user' },
    });
    await writes({ id: 'a3', from: ANN, references: ['a2'], content: { subject: '另一件事' } });
    await app.act(me, thread.id, `messages/${second.message.id}/retry`);
    const again = await commandFor(second.message, 2);
    expect([again.mail, again.inReplyTo]).toEqual([second.sent.mail, 'a2']);
  });

  it('never go to ourselves', async () => {
    const replyTo = { name: '', address: 'HELP@shop.example' };
    const thread = await writes({ id: 'loop-1', from: 'loop@example.com', content: { replyTo } });
    const { sent } = await answers(thread, '您好');
    expect(sent.mail?.to).toEqual([{ name: 'loop', address: 'loop@example.com' }]);
  });

  it('say nothing of mail on other channels', async () => {
    const thread = await app.writes('windowed-customer', {}, true);
    const { sent } = await answers(thread, '您好');
    expect(sent).not.toHaveProperty('mail');
    expect(await app.call(me, 'GET', `/conversations/${thread.id}/mail-reply`)).toMatchObject({
      status: 200,
      body: { mail: null },
    });
    expect((await app.call(me, 'GET', `/conversations/${newId()}/mail-reply`)).status).toBe(404);
  });

  it('fail with the reason when they bounce after they went out', async () => {
    const thread = await writes({ id: 'bounce-1', from: 'full@example.com' });
    const { message } = await answers(thread, '已发货');
    await app.becomes(message, 'accepted', 'sent', { remoteIds: ['<ours-bounced@shop.example>'] });
    const error = { kind: 'rejected' as const, code: '5.2.2', message: 'mailbox full' };
    const bounced = await app.becomes(message, 'failed', 'failed', {
      conversationId: null,
      messageId: null,
      attempt: null,
      remoteId: '<ours-bounced@shop.example>',
      error,
    });
    expect(bounced.error).toEqual(error);
  });

  it('are found by subject, and stand for their conversation by their beginning alone', async () => {
    const content = mailContent('long@example.com', { subject: '青花瓷', html: `<p>${'长'.repeat(9000)}</p>` });
    const thread = await writes({ id: 'long-1', from: 'long@example.com' }, content);
    expect(thread.lastMessage?.content).toEqual({ ...content, html: '' });
    const [message] = await app.messages(thread.id);
    expect(message?.content).toEqual(content);
    const found = expectStatus(
      await app.call<{ items: Conversation[] }>(me, 'GET', `/conversations?q=${encodeURIComponent('青花瓷')}`),
      200,
    );
    expect(found.items.map(({ id }) => id)).toEqual([thread.id]);
  });

  it('bring files that their connector uploaded: attachments, pictures in the text, the original', async () => {
    const upload = async (bytes: Buffer, name: string, uploader: string): Promise<Attachment> => {
      const raw = new FormData();
      raw.append('file', new Blob([new Uint8Array(bytes)], { type: 'message/rfc822' }), name);
      const headers = {
        [INTERNAL_TOKEN_HEADER]: app.service.app.get(InternalAuth).token(),
        [UPLOADER_HEADER]: uploader,
      };
      return expectStatus(
        await call<Attachment>(app.service.url, 'POST', '/internal/attachments', { raw, headers }),
        201,
      );
    };
    const file = await upload(PNG, '发票.png', app.accountId);
    const inline = await upload(PNG, 'inline.png', app.accountId);
    const source = await upload(Buffer.from('Subject: x\r\n\r\n<script>'), 'mail.eml', app.accountId);
    const foreign = await upload(PNG, 'foreign.png', newId());
    const html = `<p><img src="${inline.url}"></p>`;
    const content = mailContent('files@example.com', { html, attachments: [file, foreign], source });
    const thread = await writes({ id: 'files-1', from: 'files@example.com' }, content);
    const [message] = await app.messages(thread.id);
    expect(message?.content).toEqual({ ...content, attachments: [file] });
    const get = (id: string) => app.call<string>(me, 'GET', `/attachments/${id}`);
    for (const { id } of [file, inline]) expect((await get(id)).status).toBe(200);
    const original = await get(source.id);
    expect([original.status, original.headers.get('content-disposition')]).toEqual([
      200,
      expect.stringMatching(/^attachment; .*mail\.eml/) as string,
    ]);
    expect(original.headers.get('content-type')).toBe('application/octet-stream');
    expect((await get(foreign.id)).status).toBe(404);
  });
});
