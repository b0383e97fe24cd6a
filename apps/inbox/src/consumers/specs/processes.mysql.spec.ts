import type { ConversationFact, MessageFact } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { createTestDatabase, type TestDatabase } from '@huiliu/testing';
import { append } from '../../conversations/domain/thread';
import { answer } from '../../conversations/domain/turns';
import { answerDraft, noteDraft } from '../../messages/domain/drafts';
import { mailed } from '../../testing/mails';
import { byHand, decided, openTestInbox, told, type TestInbox } from '../../testing/test-inbox';

/** Two processes of the inbox on one database: what one transaction lane hides, row locks have to hold. */
describe('two inboxes on one MySQL-compatible database', () => {
  let place: TestDatabase;
  let one: TestInbox;
  let two: TestInbox;

  beforeEach(async () => {
    place = await createTestDatabase();
    one = await openTestInbox({ url: place.url, windows: true });
    two = await openTestInbox({ url: place.url, windows: true });
    for (const { accountId } of [one, two])
      for (const { directory } of [one, two]) await directory.reloadAccount(accountId);
  });
  afterEach(async () => {
    await one.close();
    await two.close();
    await place.drop();
  });

  const conversations = () =>
    one.rows<{ id: string; last_seq: number; unread: number }>('SELECT id, last_seq, unread FROM inbox_conversations');
  const seqs = async (id: string) =>
    (await one.rows('SELECT seq FROM inbox_messages WHERE conversation_id = ? ORDER BY seq', [id])).map((row) =>
      Number(row.seq),
    );
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  it('make one conversation of a customer who comes to both at once, and store a message told to both once', async () => {
    for (let round = 0; round < 5; round++) {
      const customer = `both-${round}`;
      const same = told(one, customer, { remoteId: `same-${round}` });
      const copy = { ...same, id: newId() };
      await Promise.all([one.inbound(same, told(one, customer)), two.inbound(told(one, customer), copy)]);
    }
    const found = await conversations();
    expect(found.map(({ last_seq, unread }) => [Number(last_seq), Number(unread)])).toEqual(
      Array.from({ length: 5 }, () => [3, 3]),
    );
    for (const { id } of found) expect(await seqs(id)).toEqual([1, 2, 3]);
    expect(await one.rows('SELECT id FROM inbox_identities')).toHaveLength(5);
    expect(await one.rows('SELECT id FROM inbox_sessions')).toHaveLength(5);
    const created = [one, two].flatMap(({ outbox }) => outbox.of<MessageFact>('message.created'));
    expect(created).toHaveLength(15);
    expect([one, two].flatMap(({ outbox }) => outbox.of('work.created'))).toHaveLength(5);
  });

  it('make one thread of the mails of a customer that come to both at once, in any order and twice', async () => {
    for (let round = 0; round < 8; round++) {
      const from = `c${round}@example.com`;
      const mail = (n: number, ...names: string[]) =>
        mailed(one, { id: `${round}-${n}`, from, references: names.map((name) => `${round}-${name}`) });
      const [first, second, third, fourth] = [mail(1), mail(2, '1'), mail(3, '2', '1'), mail(4, 'lost', '1')];
      await Promise.all([
        one.inbound(third, first),
        two.inbound(second, { ...first, id: newId() }),
        one.inbound(fourth),
        two.inbound({ ...fourth, id: newId() }),
      ]);
      const [row] = await one.rows(
        `SELECT COUNT(DISTINCT conversation_id) AS threads, COUNT(*) AS n FROM inbox_messages WHERE remote_id LIKE '${round}-%'`,
      );
      expect([Number(row?.threads), Number(row?.n)]).toEqual([1, 4]);
    }
    const found = await conversations();
    expect(found.map(({ last_seq }) => Number(last_seq))).toEqual(Array.from({ length: 8 }, () => 4));
    expect([one, two].flatMap(({ outbox }) => outbox.of<MessageFact>('message.created'))).toHaveLength(32);
  });

  it('number without holes what both and their agents write at once', async () => {
    const customers = ['a', 'b', 'c'];
    await one.inbound(...customers.map((customer) => told(one, customer, { opens: 'message' })));
    const ids = (await conversations()).map(({ id }) => id);
    const rounds = 12;
    const work = Array.from({ length: rounds }, (_, n) => [
      one.inbound(...customers.map((customer) => told(one, customer, { opens: 'message' }))),
      two.inbound(...[...customers].reverse().map((customer) => told(one, customer))),
      ...ids.map((id, i) =>
        byHand((n + i) % 2 === 0 ? one : two, id, (change, _tx, now) => {
          const me = { id: newId(), name: 'x' };
          if (n % 2 === 0) append(change, noteDraft(newId(), me, 'note', now));
          else answer(change, answerDraft(newId(), me, { kind: 'text', text: 'x' }, newId(), now), me.id);
        }),
      ),
    ]).flat();
    await Promise.all(work);
    for (const id of ids) expect(await seqs(id)).toEqual(upTo(1 + rounds * 3));
    const [window] = await one.rows('SELECT COUNT(*) AS n FROM inbox_windows');
    expect(Number(window?.n)).toBe(customers.length);
  });

  it('hold an agent’s capacity under decisions that reach both at once', async () => {
    const agent = await one.addAgent({ capacity: 4 });
    await two.directory.reloadAgent(agent);
    await one.inbound(...Array.from({ length: 12 }, (_, n) => told(one, `c-${n}`)));
    const ids = one.outbox.of<ConversationFact>('conversation.updated').map(({ conversation }) => conversation.id);
    await Promise.all(
      ids.map((id, n) => (n % 2 === 0 ? one : two).decisions(decided(one, 'work.assigned', id, 0, { agentId: agent }))),
    );
    const [load] = await one.rows('SELECT COUNT(*) AS n FROM inbox_conversations WHERE assignee_id = ?', [agent]);
    expect(Number(load?.n)).toBe(4);
    expect([one, two].flatMap(({ outbox }) => outbox.of('decision.refused'))).toHaveLength(8);
  });

  it('wake what is due once, though both have a timer', async () => {
    await one.inbound(...Array.from({ length: 6 }, (_, n) => told(one, `s-${n}`)));
    const until = new Date(one.clock.now().getTime() + 1000).toISOString();
    for (const { id } of await conversations()) {
      await byHand(one, id, (change) => {
        change.thread.status = 'snoozed';
        change.thread.snoozedUntil = until;
      });
    }
    for (const { clock } of [one, two]) clock.advance(1000);
    await Promise.all([one.waker.settleDue(), two.waker.settleDue()]);
    expect([one, two].flatMap(({ outbox }) => outbox.of('work.created'))).toHaveLength(12);
  });
});
