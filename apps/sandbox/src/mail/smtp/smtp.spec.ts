import { MailParts } from '../testing/mail-parts';

const SHOP = 'shop@shanye.example';

describe('mails that the product sends in the sandbox', () => {
  let parts: MailParts;
  beforeEach(async () => {
    parts = await MailParts.start({ bytes: 3 * 1024 * 1024 });
  });
  afterEach(() => parts.stop());

  const sourcesOf = (address: string): string[] => parts.store.mailbox(address).inbox.map(({ raw }) => raw.toString());
  const send = (to: string | string[], text = 'hello', more: object = {}) =>
    parts.transport(SHOP).sendMail({ from: SHOP, to, subject: 'x', text, ...more });

  it('reach everyone they are for, once', async () => {
    await send(['a@b.example', 'A+tag@b.example', 'c@d.example'], '.\r\n..dots\r\n');
    expect(sourcesOf('a@b.example')).toHaveLength(1);
    expect(sourcesOf('c@d.example')[0]).toContain('\r\n.\r\n..dots\r\n');
    expect(sourcesOf('c@d.example')[0]).toMatch(/^Return-Path: <shop@shanye\.example>\r\nReceived: /);
  });

  it('are taken from who logs in', async () => {
    const message = { from: SHOP, to: 'a@b.example', text: 'x' };
    await expect(parts.transport(SHOP, 'wrong').sendMail(message)).rejects.toMatchObject({ responseCode: 535 });
    expect(sourcesOf('a@b.example')).toEqual([]);
  });

  it('meet what real mails meet: an unknown person, a delay, a bounce', async () => {
    await expect(send('reject@b.example')).rejects.toMatchObject({ responseCode: 550 });
    await expect(send('later@b.example')).rejects.toMatchObject({ responseCode: 451 });
    const { messageId } = await send(['bounce@b.example', 'a@b.example']);
    expect(sourcesOf('a@b.example')).toHaveLength(1);
    const [report] = sourcesOf(SHOP);
    expect(report).toMatch(/^Return-Path: <>/);
    expect(report).toContain('Final-Recipient: rfc822; bounce@b.example');
    expect(report).toContain(`Message-ID: ${messageId}`);
  });

  it('never take more memory than there is for them', async () => {
    await expect(send('a@b.example', 'x'.repeat(4 * 1024 * 1024))).rejects.toMatchObject({ responseCode: 452 });
    for (let i = 0; i < 5; i++) await send('a@b.example', 'x'.repeat(1024 * 1024));
    const kept = parts.store.mailbox('a@b.example').inbox;
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.reduce((sum, { raw }) => sum + raw.length, 0)).toBeLessThan(3 * 1024 * 1024);
  });
});
