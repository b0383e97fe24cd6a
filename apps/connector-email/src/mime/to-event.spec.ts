import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Content } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { parseMail, type ParsedMail } from './parse-mail';
import { hostileMails } from '../testing/hostile-mails';
import { mailToContent, type StoredFiles } from './to-event';

function stored(mail: ParsedMail): StoredFiles {
  return {
    attachments: mail.attachments.map(({ cid, name, mime, size }) => {
      const id = newId();
      return { cid, stored: { id, name, mime, size, url: `/api/v1/attachments/${id}` } };
    }),
  };
}

const read = async (source: string): Promise<ReturnType<typeof mailToContent>> => {
  const mail = await parseMail(Buffer.from(source.replace(/\r?\n/g, '\r\n')));
  return mailToContent(mail, stored(mail));
};

describe('a mail in the inbox', () => {
  it('has its new text apart from what it quotes', async () => {
    const content = await read(
      'From: Ann <ann@x.cn>\nTo: s@shop.cn\nCc: Bo <bo@x.cn>\nReply-To: ann.home@x.cn\nSubject: Re: order\n\nThanks\n\nOn Mon, Jan 1, 2024 at 12:00 S <s@shop.cn> wrote:\n> Sent\n',
    );
    expect(content).toEqual({
      kind: 'email',
      text: 'Thanks',
      quoted: 'On Mon, Jan 1, 2024 at 12:00 S <s@shop.cn> wrote:\n> Sent',
      subject: 'Re: order',
      html: '',
      attachments: [],
      cc: ['bo@x.cn'],
      from: { name: 'Ann', address: 'ann@x.cn' },
      to: [{ name: '', address: 's@shop.cn' }],
      replyTo: { name: '', address: 'ann.home@x.cn' },
    });
  });

  it('in HTML alone has its text from there, folded alike', async () => {
    const content = await read(
      'From: a@x.cn\nContent-Type: text/html\n\n<p>Thanks</p><div class="gmail_quote"><div>On Monday x@y.cn wrote:</div>Sent</div>',
    );
    expect(content.text).toBe('Thanks');
    expect(content.quoted).toContain('Sent');
    expect(content.html).toContain('<div data-quoted="true">');
  });

  it('shows its images where they stand', async () => {
    const content = await read(
      'From: a@x.cn\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src="cid:one@x">\n--b\nContent-Type: image/png\nContent-ID: <one@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b--\n',
    );
    expect(content.html).toBe(`<img src="${content.attachments[0]?.url}" data-cid="one@x" />`);
  });

  it('that hands another one on shows all of it', async () => {
    const content = await read(
      'From: a@x.cn\nSubject: =?utf-8?B?6L2s5Y+R77ya?= x\n\nFYI\n\n发件人: S\n发送时间: 2024\n收件人: a\n主题: x\n\nHello',
    );
    expect(content.text).toContain('Hello');
    expect(content.quoted).toBeUndefined();
  });

  it('says what of it is missing, and that it is automatic', async () => {
    const mail = await parseMail(
      Buffer.from('From: a@x.cn\r\nAuto-Submitted: auto-replied\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!'),
    );
    const content = mailToContent(mail, { attachments: [], omitted: ['video.mp4: larger than 25 MB'] });
    expect(content.automatic).toBe('auto-reply');
    expect(content.omitted).toEqual(['video.mp4: larger than 25 MB', 'damaged base64 in a text']);
  });
});

describe('hostile mails', () => {
  it('are the same for the same seed', () => {
    const hashes = (seed: number): string[] =>
      [...hostileMails(seed, 60)].map((mail) => mail.subarray(0, 500).toString('latin1'));
    expect(hashes(7)).toEqual(hashes(7));
    expect(hashes(7)).not.toEqual(hashes(8));
  });

  it('all become content that keeps to the contract, in memory that stays as it was', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const collect = (): number => {
      gc();
      return process.memoryUsage().heapUsed + process.memoryUsage().external;
    };
    let shown = 0;
    let first = 0;
    for (const source of hostileMails(2026, 2_000)) {
      const mail = await parseMail(source);
      expect(mail.id).toMatch(/^<[^<>]+>$/);
      expect(mail.id.length).toBeLessThanOrEqual(512);
      for (const id of mail.references) expect(id.length).toBeLessThanOrEqual(512);
      const checked = Content.safeParse(mailToContent(mail, stored(mail)));
      if (!checked.success) throw new Error(`${checked.error.message}\n${source.toString('latin1', 0, 2_000)}`);
      if (++shown === 500) first = collect();
    }
    expect(shown).toBe(2_000);
    expect(collect() - first).toBeLessThan(64 * 1024 * 1024);
  }, 600_000);
});
