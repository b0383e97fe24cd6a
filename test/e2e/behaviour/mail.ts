import { randomBytes } from 'node:crypto';
import iconv from 'iconv-lite';
import { simpleParser } from 'mailparser';
import type { Message } from '@huiliu/contracts';
import { eventually, expectStatus, type MailServer, type SmtpSink, type System } from '@huiliu/testing';
import { MailDesk, newMessageId, plainMail } from '../mail-stage';
import type { Stage } from '../stage';

type MailContent = Extract<Message['content'], { kind: 'email' }>;

export interface MailWorld {
  readonly stage: Stage;
  readonly system: System;
  readonly server: MailServer;
  readonly sink: SmtpSink;
  /** A file here named for a point kills the process that comes to it. */
  readonly deaths: string;
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const fieldOf = (source: Buffer, name: string): string =>
  new RegExp(`^${name}:((?:.|\\r\\n[ \\t])*)$`, 'im')
    .exec(source.toString())?.[1]
    ?.replace(/\r\n[ \t]+/g, ' ')
    .trim() ?? '';

const mailIn = (message: Message): MailContent => {
  if (message.content.kind !== 'email') throw new Error(`a mail, not ${message.content.kind}`);
  return message.content;
};

/** The mail channel against a real IMAP server and a real SMTP listener. */
export function mail(world: () => MailWorld, connector: string): void {
  const open = (options?: Parameters<typeof MailDesk.open>[3]): Promise<MailDesk> =>
    MailDesk.open(world().stage, world().server, world().sink, options);

  describe('mails', () => {
    beforeEach(() => (world().sink.script = {}));

    it('arrive within moments, are answered in their thread, and the answer to that joins it', async () => {
      const desk = await open();
      const id = await desk.receive({ subject: '=?utf-8?B?6K6i5Y2V6Zeu6aKY?=', text: '请问什么时候发货？' });
      const first = await desk.shown(id);
      expect(first).toMatchObject({
        direction: 'inbound',
        author: { type: 'contact', name: '王芳' },
        content: {
          kind: 'email',
          subject: '订单问题',
          text: '请问什么时候发货？',
          from: { address: 'wang@customer.example' },
        },
      });
      const answered = await desk.answer(first.conversationId, '明天发货。');
      const [sent] = world().sink.mails.filter(({ user }) => user === desk.user);
      const { source, from, to } = sent ?? { source: Buffer.alloc(0), from: '', to: [] };
      expect([from, to]).toEqual(['support@shop.example', ['wang@customer.example']]);
      expect(answered.remoteId).toMatch(/^<[^<>@]+@shop\.example>$/);
      expect(fieldOf(source, 'Message-ID')).toBe(answered.remoteId);
      expect(fieldOf(source, 'In-Reply-To')).toBe(id);
      expect(fieldOf(source, 'References')).toBe(id);
      expect((await simpleParser(source)).subject).toBe('Re: 订单问题');
      const reply = await desk.receive({
        text: '好的，谢谢',
        headers: [`In-Reply-To: ${answered.remoteId}`, `References: ${id} ${answered.remoteId}`],
      });
      expect((await desk.shown(reply)).conversationId).toBe(first.conversationId);
      const second = await desk.answer(first.conversationId, '不客气。');
      const last = world().sink.mails.filter(({ user }) => user === desk.user)[1];
      expect(fieldOf(last?.source ?? Buffer.alloc(0), 'References')).toBe(`${id} ${answered.remoteId} ${reply}`);
      expect(second.remoteId).not.toBe(answered.remoteId);
    });

    it('are read in the charsets that people write in', async () => {
      const desk = await open();
      for (const [charset, text] of [
        ['gb18030', '您好，𠮷野家的订单'],
        ['gbk', '手机屏幕坏了怎么退换'],
        ['big5', '請問何時出貨'],
      ] as const) {
        const id = newMessageId();
        const head = plainMail({ id, headers: [`Content-Type: text/plain; charset=${charset}`], text: '' });
        await desk.deliver(Buffer.concat([head, iconv.encode(text, charset)]));
        expect(mailIn(await desk.shown(id)).text).toBe(text);
      }
      const id = newMessageId();
      const head = plainMail({ id, headers: ['Content-Type: text/plain; charset=iso-2022-jp'], text: '' });
      // こんにちは
      await desk.deliver(Buffer.concat([head, Buffer.from('\u001b$B$3$s$K$A$O\u001b(B\r\n', 'latin1')]));
      expect(mailIn(await desk.shown(id)).text).toBe('こんにちは');
    });

    it('bring their files byte for byte, show their pictures in place, and can be had as they came', async () => {
      const desk = await open();
      const id = newMessageId();
      const file = randomBytes(300_000);
      const part = (...lines: string[]): string => `--inner\r\n${lines.join('\r\n')}\r\n`;
      const source = plainMail({
        id,
        headers: ['Content-Type: multipart/mixed; boundary=outer'],
        text: [
          '--outer\r\nContent-Type: multipart/related; boundary=inner\r\n',
          part(
            'Content-Type: text/html; charset=utf-8',
            '',
            '<p>看图 <img src="cid:pic@x"><script>alert(1)</script></p>',
          ) +
            part(
              'Content-Type: image/png',
              'Content-ID: <pic@x>',
              'Content-Transfer-Encoding: base64',
              '',
              PNG.toString('base64'),
            ) +
            '--inner--',
          '--outer\r\nContent-Type: application/pdf; name="=?utf-8?B?5ZCI5ZCMLnBkZg==?="\r\nContent-Disposition: attachment\r\n' +
            `Content-Transfer-Encoding: base64\r\n\r\n${file.toString('base64').replace(/.{76}/g, '$&\r\n')}`,
          '--outer--',
        ].join('\r\n'),
      });
      await desk.deliver(source);
      const content = mailIn(await desk.shown(id));
      const pdf = content.attachments.find(({ name }) => name === '合同.pdf');
      const picture = content.attachments.find(({ mime }) => mime === 'image/png');
      expect((await desk.file(pdf?.url ?? '')).equals(file)).toBe(true);
      expect((await desk.file(picture?.url ?? '')).equals(PNG)).toBe(true);
      expect(content.html).toContain(picture?.url);
      expect(content.html).not.toContain('alert');
      expect((await desk.file(content.source?.url ?? '')).equals(source)).toBe(true);
    });

    it('that are broken are shown as far as they can be read, and the mailbox goes on', async () => {
      const desk = await open();
      const id = newMessageId();
      await desk.deliver(
        plainMail({ id, headers: ['Content-Type: multipart/mixed; boundary="nowhere"'], text: '没有边界的信' }),
      );
      await desk.deliver(Buffer.from([0, 255, 254, 13, 10, 13, 10, 0, 1, 2]));
      await desk.deliver(Buffer.alloc(0));
      await desk.deliver(Buffer.from('From: <>\r\nSubject: =?x?Q?=FF?=\r\nReferences: <a@b> <a@b>\r\n\r\n'));
      await desk.caughtUp();
      await eventually('all are shown', async () => (await desk.messages()).length >= 5);
      const shown = await desk.messages();
      expect(mailIn(shown.find(({ remoteId }) => remoteId === id) as Message).text).toContain('没有边界的信');
      expect(shown).toHaveLength(5);
    });

    it('that come twice are shown once', async () => {
      const desk = await open();
      const source = plainMail({ id: '<twice@customer.example>' });
      for (let times = 0; times < 3; times++) await desk.deliver(source);
      await desk.caughtUp();
      expect((await desk.messages()).filter(({ remoteId }) => remoteId === '<twice@customer.example>')).toHaveLength(1);
    });

    it('of ours that bounce are failed with the reason; a bounce of another mail is shown', async () => {
      const desk = await open();
      const first = await desk.shown(await desk.receive());
      const sent = await desk.answer(first.conversationId, '已发货。');
      const bounce = (original: string, id: string): Buffer =>
        plainMail({
          id,
          from: 'MAILER-DAEMON <mailer-daemon@mx.example>',
          subject: 'Undelivered Mail Returned to Sender',
          headers: [
            'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
            'Auto-Submitted: auto-replied',
          ],
          text: [
            '--b\r\nContent-Type: text/plain\r\n\r\nSorry.',
            '--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; wang@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n',
            `--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: ${original}\r\nSubject: Re\r\n\r\nx`,
            '--b--',
          ].join('\r\n'),
        });
      await desk.deliver(bounce(sent.remoteId ?? '', newMessageId()));
      const failed = await desk.comesTo(first.conversationId, sent.id, 'failed');
      expect(failed.error).toMatchObject({ kind: 'rejected', code: '5.1.1' });
      expect(failed.error?.message).toContain('user unknown');
      const other = newMessageId();
      await desk.deliver(bounce('<not-ours@elsewhere.example>', other));
      expect(mailIn(await desk.shown(other)).automatic).toBe('bounce');
    });

    it('that machines write are told as such, and our own are not shown when they come back', async () => {
      const desk = await open();
      const away = await desk.receive({ subject: 'Out of office', headers: ['Auto-Submitted: auto-replied'] });
      expect(mailIn(await desk.shown(away)).automatic).toBe('auto-reply');
      const first = await desk.shown(await desk.receive());
      await desk.answer(first.conversationId, '您好。');
      const ours = world()
        .sink.mails.filter(({ user }) => user === desk.user)
        .at(-1);
      await desk.deliver(ours?.source ?? Buffer.alloc(0));
      await desk.caughtUp();
      expect(
        (await desk.agent.messages(first.conversationId)).filter(({ direction }) => direction === 'outbound'),
      ).toHaveLength(1);
      expect(
        (await desk.messages()).filter(
          ({ remoteId, direction }) => direction === 'inbound' && remoteId?.includes('@shop.example'),
        ),
      ).toEqual([]);
    });

    it('that one of us wrote elsewhere are shown as ours', async () => {
      const desk = await open();
      const first = await desk.shown(await desk.receive());
      const id = await desk.receive({
        from: '客服 <support@shop.example>',
        to: 'wang@customer.example',
        headers: [`In-Reply-To: ${first.remoteId}`],
      });
      expect(await desk.shown(id)).toMatchObject({
        conversationId: first.conversationId,
        direction: 'outbound',
        author: { type: 'external' },
      });
    });

    it('go out again under the same id after a passing refusal, and fail with the server’s words after a final one', async () => {
      const desk = await open();
      const first = await desk.shown(await desk.receive());
      let busy = 2;
      world().sink.script = {
        mail: ({ user }) => (user === desk.user && busy-- > 0 ? { code: 451, text: '4.3.2 busy' } : undefined),
      };
      const sent = await desk.answer(first.conversationId, '一');
      const tries = world().sink.seen.filter(({ user }) => user === desk.user);
      expect(tries.map(({ source }) => fieldOf(source, 'Message-ID'))).toEqual([
        sent.remoteId,
        sent.remoteId,
        sent.remoteId,
      ]);
      world().sink.script = { recipient: () => ({ code: 550, text: '5.1.1 no such user here' }) };
      const failed = await desk.answer(first.conversationId, '二', 'failed');
      expect(failed.error).toMatchObject({ kind: 'rejected', code: '5.1.1' });
      expect(failed.error?.message).toContain('no such user here');
    });

    it('whose end nobody knows are unknown, and never sent again by themselves', async () => {
      const desk = await open();
      const first = await desk.shown(await desk.receive());
      world().sink.script = { mail: () => 'cut' };
      const unknown = await desk.answer(first.conversationId, '到了吗', 'unknown');
      expect(unknown.error).toMatchObject({ kind: 'outcome_unknown' });
      world().sink.script = {};
      await desk.answer(first.conversationId, '后一封');
      expect(world().sink.seen.filter(({ user }) => user === desk.user)).toHaveLength(2);
    });

    it('carry an agent’s file byte for byte', async () => {
      const desk = await open();
      const first = await desk.shown(await desk.receive());
      const bytes = randomBytes(200_000);
      const form = new FormData();
      form.append('file', new Blob([bytes], { type: 'application/zip' }), '资料.zip');
      const { id } = expectStatus(await desk.agent.call<{ id: string }>('POST', '/attachments', { raw: form }), 201);
      const { body } = await desk.agent.call<Message>('POST', `/conversations/${first.conversationId}/messages`, {
        json: { clientId: 'file-1', content: { kind: 'file', text: '见附件', attachment: { id } } },
      });
      await desk.comesTo(first.conversationId, body.id, 'sent');
      const sent = world()
        .sink.mails.filter(({ user }) => user === desk.user)
        .at(-1);
      const [file] = (await simpleParser(sent?.source ?? Buffer.alloc(0))).attachments;
      expect(file).toMatchObject({ filename: '资料.zip', contentType: 'application/zip' });
      expect(file?.content.equals(bytes)).toBe(true);
    });
  });

  describe('a mailbox', () => {
    it('numbered anew is read on without showing anything twice', async () => {
      const desk = await open();
      const ids = [await desk.receive(), await desk.receive(), await desk.receive()];
      for (const id of ids) await desk.shown(id);
      await world().server.halt();
      const meanwhile = await desk.receive();
      await world().server.renumber(desk.user);
      await world().server.resume();
      await desk.shown(meanwhile, 60_000);
      await desk.caughtUp();
      const shown = (await desk.messages()).map(({ remoteId }) => remoteId);
      expect(shown.filter((id) => [...ids, meanwhile].includes(id ?? ''))).toHaveLength(4);
      expect(shown).toHaveLength(5);
    });

    it('whose server restarts in the middle loses nothing', async () => {
      const desk = await open();
      const ids: string[] = [];
      for (let n = 0; n < 40; n++) ids.push(await desk.receive({ from: `c${n}@customer.example` }));
      await desk.shown(ids[0] ?? '');
      await world().server.halt();
      for (let n = 40; n < 60; n++) ids.push(await desk.receive({ from: `c${n}@customer.example` }));
      await world().server.resume();
      await eventually(
        'all are shown',
        async () => {
          const shown = new Set((await desk.conversations()).map(({ lastMessage }) => lastMessage?.remoteId));
          return ids.every((id) => shown.has(id));
        },
        60_000,
      );
      expect(await desk.conversations()).toHaveLength(60);
    });

    it('says what is wrong with it and what to do, and is well again with the right password', async () => {
      const { stage, server, sink } = world();
      const desk = await open();
      const wrong = { ...server.login(desk.user), pass: 'wrong' };
      const config = { address: 'support@shop.example', imap: wrong, smtp: sink.login(desk.user) };
      await stage.admin.put(`/accounts/${desk.account.id}`, { config });
      const { status } = await desk.stands('error');
      expect(status.error).toContain('授权码');
      expect(status.error).toContain('password');
      const early = await desk.receive();
      await stage.admin.put(`/accounts/${desk.account.id}`, { config: { ...config, imap: server.login(desk.user) } });
      await desk.stands('ok');
      await desk.shown(early);
    });

    it('is read to its end although its process is killed again and again', async () => {
      const { system } = world();
      const desk = await open();
      const ids: string[] = [];
      for (let round = 0; round < 4; round++) {
        for (let n = 0; n < 60; n++) ids.push(await desk.receive({ from: `k${round}-${n}@customer.example` }));
        // At another point of the batch each time: between fetching, publishing and keeping the cursor.
        await eventually('some are read', async () => (await desk.conversations()).length > round * 60 + round * 7);
        await system.kill(connector);
        await system.restart();
      }
      await eventually('all are shown', async () => (await desk.conversations()).length >= ids.length, 90_000);
      await desk.caughtUp();
      const shown = (await desk.messages()).map(({ remoteId }) => remoteId);
      expect(shown).toHaveLength(ids.length + 1);
      expect(new Set(shown).size).toBe(shown.length);
      expect(ids.filter((id) => !shown.includes(id))).toEqual([]);
    });
  });
}
