import { eventually } from '@huiliu/testing';
import type { ImapFlow } from 'imapflow';
import { MailParts } from '../testing/mail-parts';

const SHOP = 'shop@shanye.example';
const mailOf = (subject: string, body = 'hello'): Buffer =>
  Buffer.from(
    `From: =?utf-8?B?6ZmI6Z2Z?= <chen@customer.example>\r\nTo: ${SHOP}\r\nCc: a@b.example, "B, C" <c@d.example>\r\n` +
      `Subject: ${subject}\r\nMessage-ID: <${subject}@customer.example>\r\nReferences: <x@y>\r\n <z@y>\r\n` +
      `Date: Fri, 27 Nov 2026 10:00:00 +0800\r\n\r\n${body}\r\n`,
  );

describe('a mailbox of the sandbox, read by a real IMAP client', () => {
  let parts: MailParts;
  const clients: ImapFlow[] = [];
  const logIn = async (user = SHOP): Promise<ImapFlow> => {
    const client = parts.client(user);
    clients.push(client);
    await client.connect();
    return client;
  };
  const put = (subject: string, body?: string): number =>
    parts.store.deliver({ from: 'chen@customer.example', to: [SHOP] }, mailOf(subject, body)).id;

  beforeEach(async () => {
    parts = await MailParts.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await parts.stop();
  });

  it('opens, lists, and tells its state', async () => {
    const uid = put('one');
    const client = await logIn();
    expect((await client.list()).map(({ path }) => path)).toEqual(['INBOX']);
    const status = await client.status('INBOX', { messages: true, unseen: true, uidNext: true, uidValidity: true });
    expect(status).toMatchObject({ messages: 1, unseen: 1, uidNext: uid + 1 });
    const opened = await client.mailboxOpen('INBOX');
    expect(opened).toMatchObject({ exists: 1, uidNext: uid + 1, uidValidity: BigInt(parts.store.uidValidity) });
    await expect(client.mailboxOpen('Elsewhere')).rejects.toThrow();
    await client.logout();
  });

  it('gives mails by UID: envelope, size, dates, headers, the source and parts of it', async () => {
    const [first, second] = [put('one'), put('two', '漢'.repeat(50_000))];
    const client = await logIn();
    await client.mailboxOpen('INBOX', { readOnly: true });
    const mails = await client.fetchAll(
      `${first}:*`,
      { uid: true, flags: true, envelope: true, internalDate: true, size: true, source: true, headers: ['references'] },
      { uid: true },
    );
    expect(mails.map(({ uid }) => uid)).toEqual([first, second]);
    const [mail] = mails;
    expect(mail?.envelope).toMatchObject({
      subject: 'one',
      messageId: '<one@customer.example>',
      from: [{ name: '陈静', address: 'chen@customer.example' }],
      to: [{ address: SHOP }],
      cc: [{ address: 'a@b.example' }, { name: 'B, C', address: 'c@d.example' }],
    });
    expect(mail?.headers?.toString()).toBe('References: <x@y>\r\n <z@y>\r\n\r\n');
    expect(mail?.source?.toString()).toMatch(/^Return-Path: <chen@customer.example>\r\nDelivered-To: shop@/);
    expect(mail?.source?.length).toBe(mail?.size);
    expect(Math.abs(Date.now() - Number(mail?.internalDate))).toBeLessThan(10_000);
    const part = await client.fetchOne(String(second), { source: { start: 10, maxLength: 1000 } }, { uid: true });
    expect(part && part.source?.toString()).toBe(mails[1]?.source?.subarray(10, 1010).toString());
    const { content } = await client.download(String(second), undefined, { uid: true, chunkSize: 20_000 });
    const chunks: Buffer[] = [];
    for await (const chunk of content ?? []) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toEqual(mails[1]?.source);
  });

  it('finds by UID, header, date and flag, and keeps flags', async () => {
    const [first, second] = [put('one'), put('two')];
    const client = await logIn();
    await client.mailboxOpen('INBOX');
    const find = (query: Parameters<ImapFlow['search']>[0]) => client.search(query, { uid: true });
    expect(await find({ uid: `${second}:*` })).toEqual([second]);
    expect(await find({ header: { 'message-id': '<one@customer.example>' } })).toEqual([first]);
    expect(await find({ since: new Date() })).toEqual([first, second]);
    expect(await find({ before: new Date(2026, 0, 1) })).toEqual([]);
    expect(await find({ or: [{ subject: 'two' }, { body: 'nowhere' }] })).toEqual([second]);
    await client.messageFlagsAdd(String(first), ['\\Seen', '$Handled'], { uid: true });
    expect(await find({ seen: false })).toEqual([second]);
    expect((await client.fetchAll('1:*', { flags: true })).map(({ flags }) => [...(flags ?? [])])).toEqual([
      ['\\Seen', '$Handled'],
      [],
    ]);
    await client.messageFlagsRemove(String(first), ['\\Seen'], { uid: true });
    expect(await find({ seen: true })).toEqual([]);
  });

  it('tells of a new mail to who waits in IDLE, and of forgotten ones', async () => {
    await parts.stop();
    parts = await MailParts.start({ mails: 2 });
    const first = put('one');
    const client = await logIn();
    await client.mailboxOpen('INBOX');
    const [exists, expunged]: [number[], number[]] = [[], []];
    client.on('exists', ({ count }: { count: number }) => exists.push(count));
    client.on('expunge', ({ seq }: { seq: number }) => expunged.push(seq));
    const idle = client.idle();
    await eventually('it idles', () => client.idling);
    const second = put('two');
    await eventually('told of the second', () => exists.includes(2));
    const third = put('three');
    await eventually('told that the first is gone', () => expunged.includes(1));
    expect(await client.search({ all: true }, { uid: true })).toEqual([second, third]);
    expect(third).toBeGreaterThan(first);
    await idle;
  });

  it('lets in who knows the password, each to the own mailbox', async () => {
    put('one');
    await expect(parts.client(SHOP, 'wrong').connect()).rejects.toMatchObject({ authenticationFailed: true });
    const other = await logIn('someone@else.example');
    expect(await other.mailboxOpen('INBOX')).toMatchObject({ exists: 0 });
    const plus = await logIn('SHOP+token@shanye.example');
    expect(await plus.mailboxOpen('INBOX')).toMatchObject({ exists: 1 });
  });

  it('has another UIDVALIDITY after each start', async () => {
    const before = parts.store.uidValidity;
    const later = await eventually('a later start', async () => {
      const other = await MailParts.start();
      await other.stop();
      return other.store.uidValidity > before && other.store.uidValidity;
    });
    expect(later).toBeLessThan(2 ** 32);
  });
});
