import { freePort } from '@huiliu/testing';
import { NotConnected } from './asking';
import { PostLines } from './post-lines';

describe('lines of posts', () => {
  it('tell when nobody listens, however often they are asked', async () => {
    const lines = new PostLines();
    const origin = `http://127.0.0.1:${await freePort()}`;
    const post = { path: '/webchat/x/messages', headers: {}, body: Buffer.from('{}') };
    for (let n = 0; n < 3; n++) {
      const asked = await Promise.allSettled([lines.ask(origin, post), lines.ask(origin, post)]);
      expect(asked.map((one) => one.status === 'rejected' && one.reason instanceof NotConnected)).toEqual([true, true]);
    }
    await lines.onApplicationShutdown();
  });
});
