import { newId } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { SECRET, ToyApp } from '../testing/toy-app';

const push = (id: string): string => JSON.stringify({ id, from: 'a', text: 'x' });

test('several hosts in one process serve their accounts behind one path', async () => {
  const app = await ToyApp.start({ besideOther: true });
  try {
    const theirs = await app.configure({ shop: 's', secret: SECRET }, newId(), 'other');
    expect((await app.push(push('1'))).status).toBe(200);
    await eventually(
      'the other host knows its account',
      async () => (await app.push(push('2'), { account: theirs, channel: 'other' })).status === 200,
    );
    expect((await app.push(push('3'), { account: theirs })).status).toBe(404);
    expect((await app.push(push('3'), { channel: 'other' })).status).toBe(404);
    await eventually('both are in', () => app.inbound.length === 2);
    expect(app.inbound.map(({ data }) => data.channel)).toEqual(['toy', 'other']);
  } finally {
    await app.stop();
  }
});
