import { newId } from '@huiliu/platform';
import { refusalOf, unreadable } from './inbound';

describe('a mail that cannot be read', () => {
  const shownFor = (source: string) =>
    unreadable(Buffer.from(source), null, { id: null, why: 'read: broken' }, { arrivedAt: null, now: new Date() });

  it('is one of the sender that it names', () => {
    const event = shownFor('From: Wang <Wang@Customer.example>\r\n\r\n%%%');
    expect(event).toMatchObject({
      orderBy: 'wang@customer.example',
      data: { contact: { remoteId: 'wang@customer.example' } },
    });
  });

  it.each([600, 19_000])('can be told even where what stands for the sender has %i characters', (length) => {
    const event = shownFor(`From: <${'a'.repeat(length)}@customer.example>\r\n\r\n%%%`);
    expect(refusalOf(event, newId())).toBeNull();
    expect(event.orderBy).toBe('unknown@unknown.invalid');
  });
});
