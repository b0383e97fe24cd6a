import { Readable } from 'node:stream';
import fc from 'fast-check';
import { parseMail, type ParsedMail } from './parse-mail';

// Thousands of generated cases, beside other test processes.
jest.setTimeout(120_000);

const crlf = (text: string): Buffer => Buffer.from(text.replace(/\r?\n/g, '\r\n'));
const read = (source: string, limits = {}): Promise<ParsedMail> => parseMail(crlf(source), limits);

const parts = (count: number, one: (n: number) => string): string =>
  `Message-ID: <m@x>\nFrom: a@x.cn\nDate: Mon, 1 Jan 2024 12:00:00 +0800\nContent-Type: multipart/mixed; boundary=b\n\n${Array.from({ length: count }, (_, n) => `--b\n${one(n)}\n`).join('')}--b--\n`;

describe('a mail', () => {
  it('is read from a stream as from its bytes', async () => {
    const source = crlf(
      parts(3, (n) => `Content-Type: text/plain; name=${n}.txt\nContent-Disposition: attachment\n\n${n}`),
    );
    const pieces = Array.from({ length: Math.ceil(source.length / 7) }, (_, n) => source.subarray(7 * n, 7 * n + 7));
    expect(await parseMail(Readable.from(pieces))).toEqual(await parseMail(source));
  });

  it('of a stream that fails is not taken for a whole one', async () => {
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('Subject: half\r\n\r\n');
        throw new Error('connection lost');
      })(),
    );
    await expect(parseMail(broken)).rejects.toThrow('connection lost');
  });

  it('without a Message-ID has an id all the same, and always the same', async () => {
    const [one, again, other] = await Promise.all([
      read('Subject: a\n\nx'),
      read('Subject: a\n\nx'),
      read('Subject: a\n\ny'),
    ]);
    expect(one).toMatchObject({
      messageId: null,
      problems: ['no sender', 'no Message-ID', 'no date that can be read'],
    });
    expect(one.id).toMatch(/^<[0-9a-f]{64}@no-message-id\.invalid>$/);
    expect(again.id).toBe(one.id);
    expect(other.id).not.toBe(one.id);
    // What lies behind the limit is part of what tells two mails apart.
    const [long, longer] = await Promise.all([
      read('Subject: a\n\nxx', { sourceBytes: 14 }),
      read('Subject: a\n\nxy', { sourceBytes: 14 }),
    ]);
    expect(long.text).toBe(longer.text);
    expect(long.id).not.toBe(longer.id);
  });

  it('that is too large is shown as far as it was read', async () => {
    const mail = await read(`Subject: a\n\n${'x'.repeat(1_000)}`, { sourceBytes: 500 });
    expect(mail.text).toMatch(/^x{400,500}$/);
    expect(mail.problems).toContain('the mail is larger than 500 bytes; its end was left out');
  });

  it('with too many parts keeps the first ones and names the rest', async () => {
    const mail = await read(
      parts(30, (n) => `Content-Type: image/png; name=${n}.png\n\nx`),
      { parts: 20 },
    );
    expect(mail.attachments.map(({ name }) => name)).toEqual(Array.from({ length: 20 }, (_, n) => `${n}.png`));
    expect(mail.problems).toEqual([
      '10 parts left out: 20.png, 21.png, 22.png, 23.png, 24.png, 25.png, 26.png, 27.png, 28.png, 29.png',
    ]);
    const thousands = await read(parts(3_000, () => 'Content-Type: image/png\n\nx'));
    expect(thousands.attachments.length).toBeLessThanOrEqual(200);
    expect(thousands.problems.join()).toMatch(/reading stopped.*parts left out/);
  });

  it('nested too deep is read down to there', async () => {
    const depth = 60;
    const open = Array.from(
      { length: depth },
      (_, n) => `--b${n}\nContent-Type: multipart/mixed; boundary=b${n + 1}\n\n`,
    ).join('');
    const nested = (at: number): string =>
      `From: a@x.cn\nContent-Type: multipart/mixed; boundary=b0\n\n--b0\nContent-Type: text/plain\n\ntop\n${open}--b${at}\n\ndeep\n`;
    expect((await read(nested(depth))).text).toBe('top');
    expect((await read(nested(depth))).problems.join()).toContain('parts left out');
    expect((await read(nested(depth), { depth: 100, parts: 500 })).text).toBe('top\ndeep\n');
  });

  it('with texts too long shows their beginning', async () => {
    const text = await read(`From: a@x.cn\n\n${'好'.repeat(2_000)}`, { text: 1_000 });
    expect(text.text).toBe('好'.repeat(1_000));
    expect(text.problems).toContain('text cut at 1000 characters');
    const html = await read(`From: a@x.cn\nContent-Type: text/html\n\n<p>${'x'.repeat(2_000)}`, { html: 1_000 });
    expect(html.html?.length).toBe(1_000);
    expect(html.problems).toContain('html cut at 1000 characters');
  });

  it('with a header too large in a part keeps what came before', async () => {
    const mail = await read(
      parts(2, (n) => (n === 0 ? 'Content-Type: text/plain\n\nfirst' : `X-Long: ${'x'.repeat(500_000)}\n\nsecond`)),
    );
    expect(mail.text).toBe('first');
    expect(mail.problems.join()).toContain('reading stopped');
  });

  it('does not unpack what it brings', async () => {
    const zip = Buffer.from('504b0304140000000800', 'hex');
    const mail = await read(
      parts(
        1,
        () =>
          `Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n${zip.toString('base64')}`,
      ),
    );
    expect(mail.attachments).toMatchObject([{ name: 'a.zip', mime: 'application/zip', size: 10 }]);
    expect(mail.attachments[0]?.content).toEqual(zip);
  });

  it('has the type that its part says, if it is one', async () => {
    const mail = await read(
      parts(
        3,
        (n) =>
          `Content-Type: ${['Image/PNG; name=a.png', '<script>; name=b', 'x/y z; name=c'][n]}\nContent-Disposition: attachment\n\nx`,
      ),
    );
    expect(mail.attachments.map(({ mime }) => mime)).toEqual(['image/png', 'text/plain', 'text/plain']);
  });

  it('with an empty text beside its HTML has the HTML’s text', async () => {
    const mail = await read(
      'From: a@x.cn\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>one</p><p>two</p>\n--b--\n',
    );
    expect(mail.text).toBe('one\n\ntwo');
    expect(mail.ownText).toBe(false);
  });

  it('in several texts says them one after the other', async () => {
    const mail = await read(
      parts(2, (n) => `Content-Type: text/${n === 0 ? 'html' : 'plain'}\n\n${n === 0 ? '<b>one</b>' : 'two & <b>'}`),
    );
    expect(mail.text).toBe('one\ntwo & <b>');
    expect(mail.html).toBe('<b>one</b><br>\n<div>two &amp; &lt;b&gt;</div>');
  });

  it.each([
    ['Mon, 1 Jan 2024 12:00:00 +0800', '2024-01-01T04:00:00.000Z'],
    ['1 Jan 2024 12:00 +0800 (CST)', '2024-01-01T04:00:00.000Z'],
    ['Mon, 1 Jan 2024 12:00:00 +0800 (中国标准时间)', '2024-01-01T04:00:00.000Z'],
    ['2024-01-01T12:00:00+08:00', '2024-01-01T04:00:00.000Z'],
    ['Thu, 1 Jan 1970 00:00:00 +0000', null],
    ['Mon, 1 Jan 2124 00:00:00 +0000', null],
    ['yesterday', null],
    ['', null],
  ])('written on %j was written at %j', async (date, expected) => {
    expect((await read(`Date: ${date}\n\nx`)).date?.toISOString() ?? null).toBe(expected);
  });

  it('of any bytes at all is read', async () => {
    const bytes = fc.uint8Array({ maxLength: 2_000 }).map((one) => Buffer.from(one));
    const lines = fc
      .array(
        fc.constantFrom(
          'Content-Type: multipart/mixed; boundary=b',
          'Content-Type: text/html',
          'Content-Transfer-Encoding: base64',
          '',
          '--b',
          '--b--',
          'From: ',
          'x',
          ' y',
          ':',
          'Subject: =?',
          '\u0000',
          'Content-Type: message/rfc822',
          'Content-Type: multipart/report; report-type=delivery-status',
          'Content-Disposition: attachment; filename*0*=',
        ),
        { maxLength: 30 },
      )
      .map((all) => Buffer.from(all.join('\n')));
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, lines), async (source) => {
        const mail = await parseMail(source);
        expect(mail.id).toMatch(/^<.+>$/);
        expect(mail.text + mail.subject + mail.from.name).not.toContain('\u0000');
        expect((mail.text + mail.subject + (mail.html ?? '')).isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
