import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { ConnectorError } from '../contract/errors';
import { ToyApp } from '../testing/toy-app';

jest.setTimeout(40_000);

describe('the outbound worker', () => {
  let app: ToyApp;
  beforeAll(async () => void (app = await ToyApp.start({ callMs: 300 })));
  afterAll(() => app.stop());
  beforeEach(() => {
    app.platform.calls.length = 0;
    app.platform.answer = ({ key }) => ({ remoteId: `r:${key}` });
  });

  const texts = (): string[] => app.platform.calls.map((call) => call.text);

  it('sends and says so, with the platform’s id', async () => {
    const conversationId = newId();
    const [id] = (await app.send(['hello'], conversationId)) as [string];
    expect(await app.receiptOf(id)).toMatchObject({
      state: 'accepted',
      conversationId,
      messageId: id,
      attempt: 1,
      remoteId: `r:${id}`,
      remoteIds: [`r:${id}`],
      error: null,
    });
    const [row] = await app.db.query<{ state: string; command: string }>(
      'SELECT state, command FROM connector_toy_outbound WHERE message_id = ?',
      [id],
    );
    // That it was sent is remembered, what it said is not.
    expect(row).toMatchObject({ state: 'done', command: '' });
  });

  it('sends the same command once, and another attempt again', async () => {
    const conversationId = newId();
    const messageId = newId();
    await app.send([{ messageId }, { messageId }], conversationId);
    await app.receiptOf(messageId);
    await app.send([{ messageId }, { messageId, attempt: 2 }], conversationId);
    await eventually('the second attempt', () =>
      app.receipts.some((receipt) => receipt.messageId === messageId && receipt.attempt === 2),
    );
    expect(app.platform.calls.length).toBe(2);
    expect(app.receipts.filter((receipt) => receipt.messageId === messageId).length).toBe(2);
  });

  it('keeps each conversation’s order and lets others pass', async () => {
    const slow = newId();
    const fast = newId();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    app.platform.answer = async (call) => {
      if (call.conversationId === slow && call.text === 's1') await gate;
      return { remoteId: `r:${call.key}` };
    };
    const ids = await app.send(['s1', 's2', 's3'], slow);
    const others = await app.send(['f1', 'f2'], fast);
    await app.receiptOf(others[1] as string, 250);
    expect(texts()).not.toContain('s2');
    release();
    await app.receiptOf(ids[2] as string);
    expect(texts().filter((text) => text.startsWith('s'))).toEqual(['s1', 's2', 's3']);
    expect(texts().filter((text) => text.startsWith('f'))).toEqual(['f1', 'f2']);
  });

  it('tries again what the platform could not take, and holds what follows', async () => {
    let failures = 1;
    app.platform.answer = ({ key, text }) => {
      if (text === 'again' && failures-- > 0) throw new ConnectorError('transient', '-1', 'busy');
      return { remoteId: `r:${key}` };
    };
    const [first, second] = (await app.send(['again', 'after'])) as [string, string];
    expect(await app.receiptOf(second)).toMatchObject({ state: 'accepted' });
    expect(await app.receiptOf(first)).toMatchObject({ state: 'accepted' });
    expect(texts()).toEqual(['again', 'again', 'after']);
  });

  it('gives up when the platform asks for more patience than five minutes; what follows goes on', async () => {
    app.platform.answer = ({ key, text }) => {
      if (text === 'limited')
        throw new ConnectorError('rate_limited', '45009', 'daily quota', { retryAfterMs: 3600_000 });
      return { remoteId: `r:${key}` };
    };
    const [first, second] = (await app.send(['limited', 'next'])) as [string, string];
    expect(await app.receiptOf(first)).toMatchObject({
      state: 'failed',
      error: { kind: 'rate_limited', code: '45009' },
      failedPart: 1,
    });
    expect(await app.receiptOf(second)).toMatchObject({ state: 'accepted' });
  });

  it.each(['window_closed', 'rejected', 'unsupported'] as const)('%s fails at once and holds nothing', async (kind) => {
    app.platform.answer = ({ key, text }) => {
      if (text === 'no') throw new ConnectorError(kind, '1', 'refused');
      return { remoteId: `r:${key}` };
    };
    const [first, second] = (await app.send(['no', 'next'])) as [string, string];
    expect(await app.receiptOf(first)).toMatchObject({
      state: 'failed',
      error: { kind, code: '1', message: 'refused' },
    });
    expect(await app.receiptOf(second)).toMatchObject({ state: 'accepted' });
  });

  it('renews the token once', async () => {
    const before = app.platform.refreshes;
    let expired = true;
    app.platform.answer = ({ key, text }) => {
      if (text === 'never' || expired) {
        expired = false;
        throw new ConnectorError('auth', '40001', 'token');
      }
      return { remoteId: `r:${key}` };
    };
    const [id] = (await app.send(['once'])) as [string];
    expect(await app.receiptOf(id)).toMatchObject({ state: 'accepted' });
    const [hopeless] = (await app.send(['never'])) as [string];
    expect(await app.receiptOf(hopeless)).toMatchObject({ state: 'failed', error: { kind: 'auth' } });
    expect(app.platform.refreshes - before).toBe(2);
  });

  it.each([
    ['a time-out', () => new Promise<never>(() => undefined)],
    ['an unknown end', () => Promise.reject(new ConnectorError('outcome_unknown', 'reset', 'connection lost'))],
    ['a connector that breaks', () => Promise.reject(new TypeError('x is not a function'))],
  ])('%s is unknown and never repeated', async (_what, end) => {
    app.platform.answer = (call) => (call.text === 'lost' ? end() : { remoteId: `r:${call.key}` });
    const [lost, next] = (await app.send(['lost', 'next'])) as [string, string];
    expect(await app.receiptOf(lost)).toMatchObject({
      state: 'unknown',
      error: { kind: 'outcome_unknown' },
      failedPart: 1,
    });
    expect(await app.receiptOf(next)).toMatchObject({ state: 'accepted' });
    expect(texts()).toEqual(['lost', 'next']);
  });

  it('sends a long text in parts, and a retry goes on at the first part not sent', async () => {
    const text = 'one two three four. five six seven eight. nine ten.';
    let broken = true;
    app.platform.answer = ({ key }) => {
      if (key.endsWith('.2') && broken) throw new ConnectorError('rejected', 'x', 'no');
      return { remoteId: `r:${key}` };
    };
    const conversationId = newId();
    const messageId = newId();
    await app.send([{ messageId, content: { kind: 'text', text } }], conversationId);
    expect(await app.receiptOf(messageId)).toMatchObject({
      state: 'failed',
      failedPart: 2,
      remoteIds: [`r:${messageId}.1`],
    });
    broken = false;
    await app.send([{ messageId, content: { kind: 'text', text }, attempt: 2, fromPart: 2 }], conversationId);
    const whole = await eventually('the retry', () =>
      app.receipts.find((receipt) => receipt.messageId === messageId && receipt.attempt === 2),
    );
    expect(whole).toMatchObject({ state: 'accepted', remoteIds: [1, 2, 3].map((n) => `r:${messageId}.${n}`) });
    expect(app.platform.calls.map((call) => call.key)).toEqual([1, 2, 2, 3].map((n) => `${messageId}.${n}`));
  });

  it('turns what the channel cannot show into text, leaves out, refuses', async () => {
    const [link, sticker, video] = (await app.send([
      { content: { kind: 'link', text: '', title: 'Shoes', description: '', url: 'https://a.example' } },
      { content: { kind: 'sticker', text: '' } },
      { content: { kind: 'video', text: '' } },
    ])) as [string, string, string];
    expect(await app.receiptOf(video)).toMatchObject({
      state: 'failed',
      error: { kind: 'unsupported', code: 'kind_not_supported' },
    });
    expect(await app.receiptOf(sticker)).toMatchObject({ state: 'accepted', remoteIds: [] });
    expect(await app.receiptOf(link)).toMatchObject({ state: 'accepted' });
    expect(texts().join('')).toContain('Shoes');
  });

  it('knows its own echo and the receipts for what it sent', async () => {
    const conversationId = newId();
    const [id] = (await app.send(['mine'], conversationId)) as [string];
    await app.receiptOf(id);
    expect((await app.push(JSON.stringify({ id: `r:${id}`, from: 'customer', text: 'mine' }))).status).toBe(200);
    expect(
      (await app.push(JSON.stringify({ id: `r:${id}`, from: 'customer', text: 'x', receipt: 'read' }))).status,
    ).toBe(200);
    expect(
      (await app.push(JSON.stringify({ id: 'never-sent', from: 'customer', text: 'x', receipt: 'delivered' }))).status,
    ).toBe(200);
    expect(
      await eventually('read', () =>
        app.receipts.find((receipt) => receipt.state === 'read' && receipt.remoteId === `r:${id}`),
      ),
    ).toMatchObject({ messageId: id, conversationId, attempt: 1 });
    expect(
      await eventually('of an unknown one', () => app.receipts.find((receipt) => receipt.remoteId === 'never-sent')),
    ).toMatchObject({ messageId: null, conversationId: null });
    expect(app.inbound.some((event) => event.type === 'message.received' && event.data.remoteId === `r:${id}`)).toBe(
      false,
    );
  });

  it('an echo that overtakes the answer to its own call is known too', async () => {
    let echoed: Promise<{ status: number }> | null = null;
    app.platform.answer = ({ key, text }) => {
      if (text === 'echo' && echoed === null)
        echoed = app.push(JSON.stringify({ id: `r:${key}`, from: 'customer', text: 'echo' }));
      return new Promise((resolve) => setTimeout(() => resolve({ remoteId: `r:${key}` }), 100));
    };
    const [id] = (await app.send(['echo'])) as [string];
    await app.receiptOf(id);
    expect((await (echoed as unknown as Promise<{ status: number }>)).status).toBe(200);
    expect(app.inbound.some((event) => event.type === 'message.received' && event.data.remoteId === `r:${id}`)).toBe(
      false,
    );
  });

  it('takes back what was sent', async () => {
    const conversationId = newId();
    const [id] = (await app.send(['oops'], conversationId)) as [string];
    await app.receiptOf(id);
    await app.recall(id, conversationId);
    await eventually('recalled', () =>
      app.receipts.some((receipt) => receipt.messageId === id && receipt.state === 'recalled'),
    );
    expect(app.platform.recalled).toContainEqual([`r:${id}`]);
  });
});

describe('after a restart', () => {
  it('what was being sent is unknown, what waited is sent, and the order stands', async () => {
    const first = await ToyApp.start();
    first.platform.answer = () => {
      throw new ConnectorError('transient', '-1', 'busy', { retryAfterMs: 60_000 });
    };
    const [sending, waiting] = (await first.send(['sending', 'waiting'])) as [string, string];
    await eventually('tried', () => first.platform.calls.length === 1);
    await eventually(
      'stored',
      async () => (await first.db.query('SELECT n FROM connector_toy_outbound WHERE tries = 1')).length === 1,
    );
    await first.stop(true);
    await first.between("UPDATE connector_toy_outbound SET state = 'sending', not_before = NULL WHERE tries = 1");
    const second = await ToyApp.start({ folder: first.folder, accountId: first.accountId });
    expect(await second.receiptOf(sending)).toMatchObject({
      state: 'unknown',
      error: { kind: 'outcome_unknown', code: 'interrupted' },
    });
    expect(await second.receiptOf(waiting)).toMatchObject({ state: 'accepted' });
    expect(second.platform.calls.map((call) => call.text)).toEqual(['waiting']);
    await second.stop();
  });

  it('a platform that takes our key gets the same call again under it', async () => {
    const first = await ToyApp.start({ keyedSends: true, callMs: 200 });
    let lost = true;
    first.platform.answer = ({ key }) => {
      if (lost) {
        lost = false;
        return new Promise<never>(() => undefined);
      }
      return { remoteId: `r:${key}` };
    };
    const [id] = (await first.send(['keyed'])) as [string];
    expect(await first.receiptOf(id)).toMatchObject({ state: 'accepted' });
    expect(first.platform.calls.map((call) => call.key)).toEqual([id, id]);
    await first.stop();
  });
});
