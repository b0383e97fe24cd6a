import type { Signal } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { ConnectorError } from '../contract/errors';
import { ToyApp } from '../testing/toy-app';

jest.setTimeout(30_000);

describe('a platform that has servicers of its own', () => {
  let app: ToyApp;
  beforeAll(async () => void (app = await ToyApp.start()));
  afterAll(() => app.stop());
  beforeEach(() => {
    app.platform.handedOver = [];
    app.platform.handOver = () => undefined;
  });

  it('is given a conversation after everything that was written before', async () => {
    const conversationId = newId();
    const order: string[] = [];
    app.platform.answer = async ({ key, text }) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      order.push(text);
      return { remoteId: `r:${key}` };
    };
    app.platform.handOver = (servicerId) => void order.push(servicerId);
    await app.send(['one moment'], conversationId);
    const messageId = await app.handOver('wang', conversationId);
    expect(await app.receiptOf(messageId)).toMatchObject({ state: 'handed_over', error: null, attempt: null });
    expect(order).toEqual(['one moment', 'wang']);
    expect(app.platform.handedOver).toEqual(['wang customer']);
  });

  it('is asked again where nobody knows whether it heard, and its refusal is told', async () => {
    let deaf = 1;
    app.platform.handOver = () => {
      if (deaf-- > 0) throw new ConnectorError('outcome_unknown', 'timeout', 'no answer');
    };
    expect(await app.receiptOf(await app.handOver('wang', newId()))).toMatchObject({ state: 'handed_over' });
    expect(app.platform.handedOver).toHaveLength(2);
    app.platform.handOver = () => {
      throw new ConnectorError('rejected', '95014', 'not receiving');
    };
    expect(await app.receiptOf(await app.handOver('li', newId()))).toMatchObject({
      state: 'handover_failed',
      error: { kind: 'rejected', code: '95014', message: 'not receiving' },
    });
  });

  it('tells who its servicers are, or why it does not, to whoever asks', async () => {
    const told: unknown[] = [];
    const silence = app.bus.onSignal((signal) => void told.push(signal));
    const asks = async (accountId: string) => {
      const askId = newId();
      app.bus.signal({ type: 'servicers.ask', accountId, askId } satisfies Signal);
      return askId;
    };
    await asks(newId());
    const known = await asks(app.accountId);
    const answers = (): unknown[] => told.filter((one) => (one as Signal).type === 'servicers.told');
    await eventually('told', () => answers().length === 1);
    app.platform.servicers = null;
    const unknown = await asks(app.accountId);
    await eventually('told again', () => answers().length === 2);
    silence();
    expect(answers()).toEqual([
      {
        type: 'servicers.told',
        askId: known,
        servicers: [{ id: 'wang', name: 'Wang', available: true }],
        error: null,
      },
      { type: 'servicers.told', askId: unknown, servicers: null, error: 'who serves is not told' },
    ]);
  });
});
