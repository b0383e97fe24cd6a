import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Content } from '@huiliu/contracts';
import { parseBounce } from './bounce';
import { parseMail } from './parse-mail';
import { mailToContent } from './to-event';
import { htmlToText } from './html-text';

const FOLDER = join(__dirname, '../testdata');
const ID = '01J0000000000000000000000K';

/** Everything that a mail became, as its `.expected.json` says it. */
async function resultOf(source: Buffer): Promise<unknown> {
  const mail = await parseMail(source);
  const content = mailToContent(mail, {
    attachments: mail.attachments.map(({ cid, name, mime, size }) => ({
      cid,
      stored: { id: ID, name, mime, size, url: `/files/${name}` },
    })),
  });
  expect(Content.safeParse(content).error).toBeUndefined();
  const shown = htmlToText(content.html);
  return {
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo,
    references: mail.references,
    from: mail.from,
    replyTo: mail.replyTo,
    to: mail.to,
    cc: mail.cc,
    deliveredTo: mail.deliveredTo,
    subject: mail.subject,
    date: mail.date,
    text: content.text,
    quoted: content.quoted ?? null,
    html: content.html === '' ? null : { text: shown.text, quoted: shown.quoted },
    attachments: mail.attachments.map(({ name, mime, size, content: bytes, cid, inline }) => ({
      name,
      mime,
      size,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      cid,
      inline,
    })),
    automatic: content.automatic ?? null,
    bounce: parseBounce(mail),
    problems: mail.problems,
  };
}

const names = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.eml') ? [file.slice(0, -4)] : []));

describe('a mail in the shape of its client', () => {
  it.each(names)('%s', async (name) => {
    const result = await resultOf(readFileSync(join(FOLDER, `${name}.eml`)));
    const expected: unknown = JSON.parse(readFileSync(join(FOLDER, `${name}.expected.json`), 'utf8'));
    expect(JSON.parse(JSON.stringify(result))).toEqual(expected);
  });

  it('has an expected result, each of them', () => {
    const expected = readdirSync(FOLDER).flatMap((file) =>
      file.endsWith('.expected.json') ? [file.slice(0, -14)] : [],
    );
    expect(expected).toEqual(names);
    expect(names.length).toBeGreaterThan(50);
  });
});
