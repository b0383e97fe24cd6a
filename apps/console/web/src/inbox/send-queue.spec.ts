import { aMessage } from './fixtures';
import { SendQueue, type Pending } from './send-queue';

const flush = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const written = (clientId: string, conversationId = 'c1') => ({
  clientId,
  conversationId,
  direction: 'outbound' as const,
  content: { kind: 'text' as const, text: clientId },
  label: null,
  createdAt: '2026-11-23T12:00:00.000Z',
});

function queueWith(post: (pending: Pending) => Promise<void>) {
  let shown: readonly Pending[] = [];
  const posted: string[] = [];
  const queue = new SendQueue({
    post: async (pending) => {
      await post(pending);
      return aMessage({ clientId: pending.clientId, conversationId: pending.conversationId });
    },
    onChange: (items) => void (shown = items),
    onPosted: (message) => void posted.push(`${message.conversationId}/${message.clientId}`),
    judge: (error) => ({ again: (error as Error).message === 'lost', words: (error as Error).message }),
    wait: () => Promise.resolve(),
  });
  return { queue, posted, shown: () => shown };
}

describe('SendQueue', () => {
  it('posts in order within a conversation and does not hold another', async () => {
    const release: (() => void)[] = [];
    const begun: string[] = [];
    const { queue } = queueWith((p) => {
      begun.push(p.clientId);
      return new Promise((resolve) => void release.push(resolve));
    });
    queue.add(written('1'));
    queue.add(written('2'));
    queue.add(written('3', 'c2'));
    await flush();
    expect(begun).toEqual(['1', '3']);
    release[0]!();
    await flush();
    expect(begun).toEqual(['1', '3', '2']);
  });

  it('posts the same clientId again after a lost answer and shows one bubble', async () => {
    let tries = 0;
    const { queue, posted, shown } = queueWith(() =>
      ++tries < 3 ? Promise.reject(new Error('lost')) : Promise.resolve(),
    );
    queue.add(written('1'));
    expect(shown()).toHaveLength(1);
    await flush();
    expect(tries).toBe(3);
    expect(posted).toEqual(['c1/1']);
    expect(shown()).toEqual([]);
  });

  it('shows a refusal, does not offer to repeat it and goes on with the next', async () => {
    const { queue, posted, shown } = queueWith((p) =>
      p.clientId === '1' ? Promise.reject(new Error('window closed')) : Promise.resolve(),
    );
    queue.add(written('1'));
    queue.add(written('2'));
    await flush();
    expect(shown()).toMatchObject([{ clientId: '1', state: 'failed', error: 'window closed', repeatable: false }]);
    expect(posted).toEqual(['c1/2']);
    queue.discard('1');
    expect(shown()).toEqual([]);
  });

  it('gives up after some tries and takes it up again when asked', async () => {
    let up = false;
    const { queue, posted, shown } = queueWith(() => (up ? Promise.resolve() : Promise.reject(new Error('lost'))));
    queue.add(written('1'));
    await flush();
    expect(shown()).toMatchObject([{ state: 'failed', repeatable: true }]);
    up = true;
    queue.retry('1');
    await flush();
    expect(posted).toEqual(['c1/1']);
  });

  it('posts again by itself, in order, when the server is back, but not what is too old', async () => {
    let up = false;
    const { queue, posted, shown } = queueWith(() => (up ? Promise.resolve() : Promise.reject(new Error('lost'))));
    queue.add(written('1'));
    queue.add(written('2'));
    queue.add({ ...written('3'), createdAt: '2026-11-23T11:00:00.000Z' });
    await flush();
    await flush();
    await flush();
    up = true;
    queue.retryAll('2026-11-23T11:55:00.000Z');
    await flush();
    expect(posted).toEqual(['c1/1', 'c1/2']);
    expect(shown()).toMatchObject([{ clientId: '3', state: 'failed' }]);
  });

  it('takes up what an earlier page left, and drops everything when another person comes', async () => {
    const { queue, posted, shown } = queueWith((p) =>
      p.clientId === '3' ? Promise.reject(new Error('lost')) : Promise.resolve(),
    );
    const left = { state: 'sending' as const, error: null, repeatable: false };
    queue.restore([
      { ...written('1'), ...left },
      { ...written('2'), ...left, state: 'failed', error: 'left', repeatable: true },
    ]);
    queue.restore([{ ...written('2'), ...left }]);
    await flush();
    expect(posted).toEqual(['c1/1']);
    expect(shown()).toMatchObject([{ clientId: '2', state: 'failed' }]);
    queue.add(written('3'));
    queue.clear();
    await flush();
    expect(shown()).toEqual([]);
  });

  it('gives way to the frame that overtakes the answer', async () => {
    let release: () => void = () => undefined;
    const { queue, shown } = queueWith(() => new Promise((resolve) => void (release = resolve)));
    queue.add(written('1'));
    await flush();
    queue.seen(['1']);
    expect(shown()).toEqual([]);
    release();
    await flush();
    expect(shown()).toEqual([]);
  });
});
