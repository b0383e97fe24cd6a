import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import { newId } from '@huiliu/platform';
import { type Composition, composeMail } from './compose';
import { foldHtmlQuotes } from './fold-html';
import { foldQuotes } from './fold-quotes';
import { automaticOf } from './loops';
import { messageIdFor } from './message-ids';
import { parseMail, type ParsedMail } from './parse-mail';
import { answerSubject, replyText } from './reply-text';
import { sanitiseHtml } from './sanitise';

const basic: Composition = {
  from: { name: '汇流客服', address: 'support@shop.cn' },
  ourAddresses: ['service@shop.cn'],
  to: [{ name: '王小明', address: 'wang@qq.com' }],
  cc: ['boss@qq.com'],
  replyTo: null,
  subject: '订单 20240101 没有收到',
  text: '您好！\n\n已为您补发。\n运单：https://example.com/t?a=1&b=2',
  messageId: messageIdFor({ key: newId(), conversationId: newId(), domain: 'shop.cn', secret: 's' }),
  inReplyTo: '<tencent_2@qq.com>',
  references: ['<tencent_1@qq.com>', '<ours_1@shop.cn>', '<tencent_2@qq.com>'],
  quote: { from: '王小明 <wang@qq.com>', sentAt: '2024-01-01T04:00:00.000Z', text: '还没有收到货\n> 很急' },
  signature: '汇流客服 小李\n400-000-0000',
  language: 'zh',
  timeZone: 'Asia/Shanghai',
  attachments: [{ name: '发票 2024.pdf', mime: 'application/pdf', content: Buffer.from([0, 1, 2, 255, 13, 10, 13]) }],
  automatic: false,
  date: new Date('2024-01-01T05:00:00Z'),
};

const sourceOf = (composition: Composition): Promise<Buffer> =>
  new MailComposer(composeMail(composition)).compile().build();
const sent = async (composition: Composition): Promise<ParsedMail> => parseMail(await sourceOf(composition));

describe('an answer', () => {
  it('comes back as it was written', async () => {
    const mail = await sent(basic);
    expect(mail).toMatchObject({
      messageId: basic.messageId,
      inReplyTo: basic.inReplyTo,
      references: basic.references,
      from: basic.from,
      to: basic.to,
      cc: [{ name: '', address: 'boss@qq.com' }],
      replyTo: [],
      subject: 'Re: 订单 20240101 没有收到',
      date: basic.date,
      text: replyText(basic).text,
      problems: [],
    });
    expect(mail.attachments).toMatchObject([{ name: '发票 2024.pdf', mime: 'application/pdf', inline: false }]);
    expect(mail.attachments[0]?.content).toEqual(basic.attachments[0]?.content);
    expect(automaticOf(mail)).toBeNull();
  });

  it('is read by another parser as it is by ours', async () => {
    const mail = await simpleParser(await sourceOf(basic));
    expect(mail.subject).toBe('Re: 订单 20240101 没有收到');
    expect(mail.text?.trimEnd()).toBe(replyText(basic).text);
    expect(mail.references).toEqual(basic.references);
    expect(mail.attachments[0]?.filename).toBe('发票 2024.pdf');
    expect(mail.attachments[0]?.content.equals(basic.attachments[0]?.content as Buffer)).toBe(true);
  });

  it('says the same in text and in HTML, signed, with the mail it answers quoted', async () => {
    const { text, html } = await sent(basic);
    expect(text).toBe(
      '您好！\n\n已为您补发。\n运单：https://example.com/t?a=1&b=2\n\n-- \n汇流客服 小李\n400-000-0000\n\n在 2024-01-01 12:00，王小明 <wang@qq.com> 写道：\n> 还没有收到货\n>> 很急',
    );
    expect(html).toContain('<a href="https://example.com/t?a=1&amp;b=2">https://example.com/t?a=1&amp;b=2</a>');
    expect(html).toContain('<blockquote type="cite"');
    expect(replyText({ ...basic, language: 'en', timeZone: 'UTC' }).text).toContain(
      'On 2024-01-01 04:00, 王小明 <wang@qq.com> wrote:',
    );
    expect(replyText({ ...basic, quote: null, signature: null })).toMatchObject({ text: basic.text });
  });

  it('has a quote that we fold ourselves when it comes back', async () => {
    const { text, html } = await sent({ ...basic, signature: null });
    expect(foldQuotes(text).text).toBe(basic.text);
    expect(foldHtmlQuotes(html ?? '')).toMatch(/data-quoted="true">\s*在 2024.*data-quoted="true"><blockquote/s);
  });

  it('holds HTML that sanitising leaves as it is but for its links', async () => {
    const { html } = await sent({ ...basic, text: '<script>alert(1)</script> & "x"' });
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;');
    expect(html).not.toContain('<script');
    expect(sanitiseHtml(html ?? '', () => null)).toContain('&lt;script&gt;');
  });

  it('of a long mail quotes its beginning', () => {
    const { text } = replyText({
      ...basic,
      quote: { from: 'a', sentAt: '2024-01-01T00:00:00Z', text: 'line\n'.repeat(50_000) },
    });
    expect(text.length).toBeLessThan(30_000);
    expect(text.endsWith('> …')).toBe(true);
  });

  it.each([
    ['订单', 'Re: 订单'],
    ['Re: 订单', 'Re: 订单'],
    ['RE: Re: 回复：答复: 订单', 'Re: 订单'],
    ['回复：订单', 'Re: 订单'],
    ['答复:订单', 'Re: 订单'],
    ['Re[2]: 订单', 'Re: 订单'],
    ['AW: x', 'Re: x'],
    ['Fwd: x', 'Re: Fwd: x'],
    ['Regarding x', 'Re: Regarding x'],
    ['', 'Re:'],
    ['a\r\nBcc: x@y.cn', 'Re: a Bcc: x@y.cn'],
  ])('to %j has the subject %j', (last, subject) => {
    expect(answerSubject(last)).toBe(subject);
  });

  it('goes to whom it should and never to us', () => {
    const to = composeMail({
      ...basic,
      to: [
        { name: '', address: 'Wang@qq.com' },
        { name: 'us', address: 'SUPPORT@shop.cn' },
        { name: '', address: 'wang@qq.com' },
      ],
      cc: [
        'BOSS@qq.com',
        'boss@qq.com',
        'service@shop.cn',
        'support+token@shop.cn',
        'wang@QQ.com',
        'no address',
        'x@y.cn',
      ],
    });
    expect(to.to).toEqual([{ name: '', address: 'Wang@qq.com' }]);
    expect(to.cc).toEqual([
      { name: '', address: 'BOSS@qq.com' },
      { name: '', address: 'x@y.cn' },
    ]);
    expect(to.envelope).toEqual({ from: 'support@shop.cn', to: ['Wang@qq.com', 'BOSS@qq.com', 'x@y.cn'] });
    expect(() => composeMail({ ...basic, to: [{ name: 'x', address: 'none' }] })).toThrow('needs an address');
  });

  it('asks for replies at its plus address', async () => {
    const mail = await sent({ ...basic, replyTo: 'support+token@shop.cn' });
    expect(mail.replyTo).toEqual([{ name: '汇流客服', address: 'support+token@shop.cn' }]);
  });

  it('that a rule wrote says so, and does not come back', async () => {
    const options = composeMail({ ...basic, automatic: true });
    const compiled = new MailComposer(options).compile();
    expect(compiled.getEnvelope()).toMatchObject({ to: ['wang@qq.com', 'boss@qq.com'] });
    expect(compiled.getEnvelope().from || '').toBe('');
    const mail = await parseMail(await compiled.build());
    expect(mail.headers).toMatchObject({
      'auto-submitted': ['auto-replied'],
      'x-auto-response-suppress': ['All'],
      precedence: ['bulk'],
    });
    expect(automaticOf(mail)).toBe('auto-reply');
  });

  it('in a long thread names its first mail and its last ones', async () => {
    const references = Array.from({ length: 900 }, (_, n) => `<${n}.${'r'.repeat(40)}@mail.example.com>`);
    const mail = await sent({ ...basic, references, inReplyTo: references[899] as string });
    expect(mail.references[0]).toBe(references[0]);
    expect(mail.references.slice(1)).toEqual(references.slice(-(mail.references.length - 1)));
    expect(mail.references.length).toBeGreaterThan(20);
    const source = (await sourceOf({ ...basic, references })).toString();
    for (const line of source.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
    expect(/^References:[^\n]*(?:\n\s[^\n]*)*/m.exec(source)?.[0].length).toBeLessThan(4_200);
  });

  const anything = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      'a\r\nBcc: evil@x.cn',
      'a\nX-Evil: 1\n\nbody',
      '\r\n\r\n',
      '=?utf-8?B?Cg==?=',
      '"',
      '<a@b>',
      'a\u2028b',
      '回复：',
      '\ud800',
      '\u0000',
      'x,y@z',
      "a'b",
      '\\',
      '=?',
      ';',
    ),
  );

  it('cannot be given a header line by subject, names, addresses, ids or file names', async () => {
    const given = fc.record({
      subject: anything,
      name: anything,
      address: anything,
      cc: anything,
      id: anything,
      file: anything,
      mime: anything,
      from: anything,
    });
    const names = async (composition: Composition): Promise<string[]> => {
      const source = (await sourceOf(composition)).toString('latin1');
      const header = source.slice(0, source.indexOf('\r\n\r\n'));
      return header
        .split(/\r\n(?![ \t])/)
        .map((line) => line.slice(0, line.indexOf(':')))
        .sort();
    };
    const ordinary = await names(basic);
    await fc.assert(
      fc.asyncProperty(given, async ({ subject, name, address, cc, id, file, mime, from }) => {
        const header = await names({
          ...basic,
          from: { ...basic.from, name: from },
          to: [
            { name, address: 'wang@qq.com' },
            { name, address },
          ],
          cc: ['boss@qq.com', cc],
          subject,
          references: [...basic.references, id, `<${id}>`],
          attachments: [{ name: file, mime, content: Buffer.from('x') }],
        });
        expect(header).toEqual(ordinary);
      }),
      { numRuns: 300 },
    );
  });

  it('of any text, names and bytes comes back the same', async () => {
    const line = (text: string): string =>
      text
        .toWellFormed()
        .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
        .trim();
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    const file = fc
      .string({ unit: fc.constantFrom(..."发票報告ファイル파일abcé 0123_-().,;='&#"), minLength: 1, maxLength: 60 })
      .map((name) => `${name.trim()}x.pdf`);
    await fc.assert(
      fc.asyncProperty(
        anything,
        word,
        file,
        fc.uint8Array({ maxLength: 2_000 }),
        async (text, subject, name, bytes) => {
          const composition = {
            ...basic,
            text: `${text}.`,
            subject: `x${subject}`,
            attachments: [{ name, mime: 'text/plain', content: Buffer.from(bytes) }],
          };
          const mail = await sent(composition);
          expect(mail.text).toBe(replyText(composition).text);
          expect(mail.subject).toBe(`Re: ${line(`x${subject}`)}`);
          expect(mail.attachments[0]?.name).toBe(name);
          expect(mail.attachments[0]?.content).toEqual(Buffer.from(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });
});
