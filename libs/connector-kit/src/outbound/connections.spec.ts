import { z } from 'zod';
import { ACCOUNTS } from '@huiliu/contracts';
import { wrap } from '@huiliu/bus';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { defineConnector } from '../contract/connector';
import type { AccountContext } from '../contract/context';
import { ConnectorError } from '../contract/errors';
import { ToyApp } from '../testing/toy-app';

jest.setTimeout(60_000);

/** The other end: whether it lets us in, and what it was told. */
const line = { up: true, sent: [] as string[], open: false, breakDown: (): void => undefined };

const connector = defineConnector({
  definition: {
    channel: 'toy',
    version: 1,
    name: { zh: '专线', en: 'Line' },
    ingress: 'socket',
    config: z.object({ shop: z.string().min(1) }),
    inbound: ['text'],
    outbound: { text: { support: 'full' } },
    edits: false,
    recall: { inbound: false, outbound: false, withinSeconds: null },
    receipts: [],
    typing: { inbound: false, outbound: false },
    replyWindow: { rules: [], reserve: 0 },
    keyedSends: false,
  },
  encoders: { text: (part) => part.content.text },
  open: (context) => lineRuntime(context),
});

function lineRuntime(context: Pick<AccountContext, 'report'>) {
  return {
    reportsItself: true,
    run: async (signal: AbortSignal) => {
      if (!line.up) {
        context.report('error', 'the line is dead', null, { stage: 'logged_out' as const, qr: null, name: null });
        throw new ConnectorError('transient', 'dead', 'no line');
      }
      line.open = true;
      context.report('ok');
      try {
        await new Promise<void>((resolve, reject) => {
          line.breakDown = () => reject(new Error('cut'));
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      } finally {
        line.open = false;
      }
    },
    send: (text: string) => {
      if (!line.open) throw new ConnectorError('transient', 'dead', 'no line');
      line.sent.push(text);
      return Promise.resolve({ remoteId: null });
    },
  };
}

describe('an account whose connection one process holds', () => {
  let app: ToyApp;
  beforeEach(async () => {
    Object.assign(line, { up: true, sent: [], open: false });
    app = await ToyApp.start({ connectors: [connector] });
    await app.configure({ shop: 's' });
  });
  afterEach(() => app.stop());

  const status = () => app.channels.flatMap((event) => (event.type === 'account.status' ? [event.data] : [])).at(-1);

  it('sends over it; while it is down what is sent waits, and the account says so in its own words', async () => {
    await eventually('connected', () => line.open);
    const [first] = (await app.send(['one'])) as [string];
    expect(await app.receiptOf(first)).toMatchObject({ state: 'accepted' });
    line.up = false;
    line.breakDown();
    await eventually('the alarm', () => status()?.state === 'error');
    expect(status()).toMatchObject({ error: 'the line is dead', login: { stage: 'logged_out' } });
    const [second] = (await app.send(['two'])) as [string];
    line.up = true;
    expect(await app.receiptOf(second, 30_000)).toMatchObject({ state: 'accepted' });
    expect(line.sent).toEqual(['one', 'two']);
  });

  it('that is removed, or whose config does not fit any more, ends what waits for it', async () => {
    const unfit = await app.configure({ shop: '' });
    const [first] = (await app.send(['to nobody'])) as [string];
    expect(await app.receiptOf(first, 30_000)).toMatchObject({
      state: 'failed',
      error: { code: 'account_not_usable' },
    });
    const revision = (app.directory.get(unfit)?.revision ?? 0) + 1;
    const gone = { accountId: unfit, channel: 'toy', revision };
    await app.bus.publish([wrap(ACCOUNTS, 'account.deleted', unfit, gone, new Date())]);
    await eventually('it is gone', () => app.directory.get(unfit) === undefined);
    const [second] = (await app.send(['to nobody'], newId())) as [string];
    expect(await app.receiptOf(second, 30_000)).toMatchObject({ state: 'failed', error: { code: 'account_removed' } });
    expect(line.sent).toEqual([]);
  });

  it('that is mended connects again, and what is sent then goes out', async () => {
    await app.configure({ shop: '' });
    const [first] = (await app.send(['too early'])) as [string];
    expect(await app.receiptOf(first, 30_000)).toMatchObject({ state: 'failed' });
    await app.configure({ shop: 's' });
    await eventually('connected', () => line.open);
    const [second] = (await app.send(['in time'])) as [string];
    expect(await app.receiptOf(second, 30_000)).toMatchObject({ state: 'accepted' });
    expect(line.sent).toEqual(['in time']);
  });
});
