import { CountingWay, createTestDatabase, type TestDatabase } from '@huiliu/testing';
import type { MessageFact } from '@huiliu/contracts';
import { openTestInbox, told, type TestInbox } from '../../testing/test-inbox';

describe('what a message costs a MySQL-compatible server', () => {
  let place: TestDatabase;
  let way: CountingWay;
  let inbox: TestInbox;
  beforeAll(async () => {
    place = await createTestDatabase();
    way = await CountingWay.to(place.url);
    inbox = await openTestInbox({ url: way.url });
  });
  afterAll(async () => {
    await inbox.close();
    way.close();
    await place.drop();
  });

  const requests = async (...customers: string[]): Promise<number> => {
    const before = way.requests;
    await inbox.inbound(...customers.map((customer) => told(inbox, customer)));
    return way.requests - before;
  };

  it('is two requests where its conversation was seen before', async () => {
    for (const customer of ['a', 'b']) {
      await requests(customer);
      await requests(customer);
    }
    expect(await requests('a')).toBe(2);
    expect(await requests('b', 'a', 'b')).toBe(2);
    // One that nobody remembers: all of them are found before they are locked.
    expect(await requests('a', 'new')).toBeGreaterThan(2);
    const seqs = inbox.outbox.of<MessageFact>('message.created').map(({ message }) => message.seq);
    expect(seqs).toEqual([1, 2, 1, 2, 3, 3, 4, 4, 5, 1]);
  });

  it('is right where what was remembered is gone', async () => {
    await requests('c');
    await requests('c');
    const [gone] = await inbox.rows<{ id: string }>(
      "SELECT id FROM inbox_conversations WHERE remote_conversation_id = 'c'",
    );
    await inbox.database.transaction((tx) =>
      tx.execute('UPDATE inbox_conversations SET remote_key = ? WHERE id = ?', ['other', gone!.id]),
    );
    await requests('c');
    const found = await inbox.rows<{ id: string; last_seq: number }>(
      "SELECT id, last_seq FROM inbox_conversations WHERE remote_conversation_id = 'c' ORDER BY last_seq",
    );
    expect(found.map(({ last_seq }) => Number(last_seq))).toEqual([1, 2]);
    expect(found[0]!.id).not.toBe(gone!.id);
  });
});
