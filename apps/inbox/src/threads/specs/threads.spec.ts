import fc from 'fast-check';
import type { Conversation, ConversationFact, MessageFact } from '@huiliu/contracts';
import { anId } from '@huiliu/testing';
import { messageKeyOf } from '../../messages/remote-ids.repository';
import { mailed, type Mail } from '../../testing/mails';
import { DATABASES, decided, openTestInbox, resolveByHand, type TestInbox } from '../../testing/test-inbox';

const ANN = 'ann@example.com';
const BEN = 'ben@example.com';

describe.each(DATABASES)('mails find their thread (%s)', (on) => {
  let inbox: TestInbox;
  beforeEach(async () => {
    inbox = await openTestInbox({ on });
  });
  afterEach(() => inbox.close());

  const mail = (id: string, from: string, references: string[] = [], more: Partial<Mail> = {}) =>
    mailed(inbox, { id, from, references, ...more });
  /** Which mails lie together, by their ids. */
  const together = async (): Promise<string[][]> => {
    const rows = await inbox.rows<{ remote_id: string; conversation_id: string }>(
      'SELECT remote_id, conversation_id FROM inbox_messages ORDER BY seq, remote_id',
    );
    const threads = new Map<string, string[]>();
    for (const row of rows)
      threads.set(row.conversation_id, [...(threads.get(row.conversation_id) ?? []), row.remote_id]);
    return [...threads.values()].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  };
  const last = (): Conversation => inbox.outbox.of<ConversationFact>('conversation.updated').at(-1)!.conversation;

  it('by what they answer, in one batch or later, and never by their subject', async () => {
    await inbox.inbound(mail('a1', ANN), mail('a2', ANN, ['a1']), mail('a3', ANN));
    await inbox.inbound(mail('a4', ANN, ['a2', 'a1']), mail('a5', ANN, ['a3']));
    expect(await together()).toEqual([
      ['a1', 'a2', 'a4'],
      ['a3', 'a5'],
    ]);
    expect(await inbox.rows('SELECT id FROM inbox_identities')).toHaveLength(1);
  });

  it('by the first reference that is known', async () => {
    await inbox.inbound(mail('a1', ANN), mail('b1', BEN));
    await inbox.inbound(mail('x', ANN, ['nobody', 'b1', 'a1']));
    expect(await together()).toEqual([['a1'], ['b1', 'x']]);
  });

  it('by what we sent', async () => {
    await inbox.inbound(mail('a1', ANN));
    await inbox.database.transaction((tx) =>
      tx.insertMany(
        'inbox_remote_ids',
        ['remote_key', 'message_id', 'conversation_id'],
        [[messageKeyOf(inbox.accountId, '<ours@shop>'), anId(), last().id]],
      ),
    );
    await inbox.inbound(mail('a2', ANN, ['<ours@shop>']));
    expect(await together()).toEqual([['a1', 'a2']]);
  });

  it('by a conversation that was proven, if it is one of the account', async () => {
    await inbox.inbound(mail('a1', ANN), mail('b1', BEN));
    const [row] = await inbox.rows<{ conversation_id: string }>(
      "SELECT conversation_id FROM inbox_messages WHERE remote_id = 'a1'",
    );
    await inbox.inbound(mail('b2', BEN, ['b1'], { conversationId: row!.conversation_id }));
    expect(await together()).toEqual([['a1', 'b2'], ['b1']]);
    const other = await openTestInbox({ on });
    try {
      await other.inbound(mailed(other, { id: 'o1', from: ANN }));
      const [foreign] = await other.rows<{ id: string }>('SELECT id FROM inbox_conversations');
      // Unknown here, and where it is known another account's: each begins its own.
      await inbox.inbound(mail('b3', BEN, [], { conversationId: foreign!.id }));
      const accountId = anId();
      await other.database.transaction((tx) =>
        tx.execute('UPDATE inbox_conversations SET account_id = ?', [accountId]),
      );
      await other.inbound(mailed(other, { id: 'o2', from: ANN, conversationId: foreign!.id }));
      expect(await other.rows('SELECT id FROM inbox_conversations')).toHaveLength(2);
    } finally {
      await other.close();
    }
    expect(await together()).toEqual([['a1', 'b2'], ['b1'], ['b3']]);
  });

  it('of one customer come together by a mail that nobody has seen, of two customers never', async () => {
    await inbox.inbound(mail('a1', ANN, ['newsletter']), mail('b1', BEN, ['newsletter']));
    await inbox.inbound(mail('b2', BEN, ['newsletter']), mail('a2', ANN, ['newsletter']));
    expect(await together()).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
  });

  it('that answer a mail which comes later', async () => {
    await inbox.inbound(mail('a3', ANN, ['a2', 'a1']));
    await inbox.inbound(mail('a1', ANN), mail('a2', ANN, ['a1']));
    expect(await together()).toEqual([['a3', 'a1', 'a2']]);
  });

  it('from another address with their own author, and the customer stays who they were', async () => {
    await inbox.inbound(mail('a1', ANN));
    await inbox.inbound(mail('b1', BEN, ['a1']));
    expect(last()).toMatchObject({
      contact: { remoteId: ANN, name: 'ann' },
      lastMessage: { author: { type: 'contact', id: null, name: 'ben' }, content: { from: { address: BEN } } },
    });
  });

  it('once, though their references have come to lead elsewhere', async () => {
    await inbox.inbound(mail('a1', ANN, ['later']));
    await inbox.inbound(mail('later', BEN));
    await inbox.inbound(mail('a1', ANN, ['later']));
    expect(await together()).toEqual([['a1'], ['later']]);
    expect(inbox.outbox.of<MessageFact>('message.created')).toHaveLength(2);
    expect(await inbox.rows('SELECT id FROM inbox_conversations')).toHaveLength(2);
  });

  it('with hundreds of references', async () => {
    const chain = Array.from({ length: 200 }, (_, n) => `gone-${n}`);
    await inbox.inbound(...Array.from({ length: 30 }, (_, n) => mail(`a${n}`, ANN, chain)));
    await inbox.inbound(mail('x', ANN, ['gone-199']), mail('y', ANN, ['gone-0']), mail('z', BEN, chain));
    const threads = await together();
    expect(threads.map((ids) => ids.length)).toEqual([32, 1]);
  });

  it('of machines are shown, but open nothing and stop no clock', async () => {
    const agent = await inbox.addAgent();
    await inbox.inbound(mail('a1', ANN));
    const { id } = last();
    await inbox.decisions(decided(inbox, 'work.assigned', id, 0, { agentId: agent }));
    await resolveByHand(inbox, id, agent);
    const heard = inbox.outbox.of('work.created').length;
    for (const automatic of ['bounce', 'auto-reply', 'auto-generated', 'disposition', 'feedback'] as const)
      await inbox.inbound(mail(automatic, 'daemon@mx.example', ['a1'], { content: { automatic } }));
    expect(last()).toMatchObject({
      id,
      status: 'resolved',
      session: null,
      waitingSince: null,
      unread: 6,
      lastMessage: { seq: 6 },
    });
    const [row] = await inbox.rows('SELECT last_inbound_remote_id FROM inbox_conversations');
    expect(row?.last_inbound_remote_id).toBe('a1');
    expect(inbox.outbox.of('work.created')).toHaveLength(heard);
    // A person behind a mailing list, and what answers nothing that we know, do need somebody.
    await inbox.inbound(mail('list', ANN, ['a1'], { content: { automatic: 'list' } }));
    expect(last()).toMatchObject({ id, status: 'open' });
    await inbox.inbound(mail('stray', 'daemon@mx.example', ['unknown'], { content: { automatic: 'bounce' } }));
    expect(last()).toMatchObject({ status: 'open', unread: 1, lastMessage: { remoteId: 'stray' } });
    expect(last().id).not.toBe(id);
  });

  it('at the same few statements, however many they are', async () => {
    const cost = async (name: string, n: number): Promise<number> => {
      const before = inbox.database.statements;
      await inbox.inbound(...Array.from({ length: n }, (_, i) => mail(`${name}-${i}`, `${name}-${i}@x`, ['gone'])));
      return inbox.database.statements - before;
    };
    expect(await cost('many', 100)).toBe(await cost('few', 2));
  });
});

/** Mails of a few people: who wrote, and which of the mails so far (or of those that nobody saw) they named. */
const written = fc.array(
  fc.record({
    from: fc.constantFrom('p', 'q', 'r'),
    names: fc.array(fc.oneof(fc.nat(12), fc.constantFrom('news', 'lost')), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The plainest statement of where a mail belongs: looks through all that came before it. */
function model(mails: readonly Mail[]): string[][] {
  const placed: { mail: Mail; thread: number }[] = [];
  let threads = 0;
  for (const mail of mails) {
    if (placed.some((other) => other.mail.id === mail.id)) continue;
    const references = mail.references ?? [];
    const known = references.flatMap((id) => placed.find((other) => other.mail.id === id)?.thread ?? []);
    const theirs = [...references, mail.id].flatMap(
      (id) =>
        placed.find((other) => other.mail.from === mail.from && (other.mail.references ?? []).includes(id))?.thread ??
        [],
    );
    placed.push({ mail, thread: known[0] ?? theirs[0] ?? threads++ });
  }
  return Array.from({ length: threads }, (_, n) =>
    placed.flatMap(({ mail, thread }) => (thread === n ? mail.id : [])).sort(),
  ).sort();
}

describe.each(DATABASES)('any mails, in any order, told again and cut into any batches (%s)', (on) => {
  let inbox: TestInbox;
  beforeAll(async () => {
    inbox = await openTestInbox({ on });
  });
  afterAll(() => inbox.close());
  let run = 0;

  const store = async (mails: readonly Mail[], cuts: readonly number[]): Promise<string[][]> => {
    const at = [0, ...cuts.map((cut) => cut % (mails.length + 1)).sort((a, b) => a - b), mails.length];
    for (const [n, end] of at.slice(1).entries())
      if (end > at[n]!) await inbox.inbound(...mails.slice(at[n], end).map((mail) => mailed(inbox, mail)));
    const rows = await inbox.rows<{ remote_id: string; conversation_id: string }>(
      'SELECT remote_id, conversation_id FROM inbox_messages WHERE remote_id LIKE ?',
      [`${run}/%`],
    );
    const threads = new Map<string, string[]>();
    for (const row of rows)
      threads.set(row.conversation_id, [...(threads.get(row.conversation_id) ?? []), row.remote_id]);
    return [...threads.values()].map((ids) => ids.sort()).sort();
  };

  it('lie together as a plain model says', async () => {
    await fc.assert(
      fc.asyncProperty(
        written,
        fc.infiniteStream(fc.nat()),
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        async (letters, random, cuts, again) => {
          run += 1;
          const mails = letters.map(({ from, names }, n): Mail => ({
            id: `${run}/${n}`,
            from: `${run}/${from}`,
            references: names.flatMap((name) =>
              typeof name === 'string' ? `${run}/${name}` : name < letters.length && name !== n ? `${run}/${name}` : [],
            ),
          }));
          const order = mails.map((mail) => ({ mail, at: random.next().value as number }));
          const shuffled = order.sort((a, b) => a.at - b.at).map(({ mail }) => mail);
          const repeated = [...shuffled, ...again.map((n) => mails[n % mails.length]!)];
          expect(await store(repeated, cuts)).toEqual(model(repeated));
          const [empty] = await inbox.rows('SELECT COUNT(*) AS n FROM inbox_conversations WHERE last_seq = 0');
          expect(Number(empty?.n)).toBe(0);
        },
      ),
      { numRuns: on === 'sqlite' ? 80 : 25 },
    );
  }, 120_000);

  it('of one customer whose mails name their whole chain make the same threads in every order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: 1, maxLength: 10 }),
        fc.infiniteStream(fc.nat()),
        fc.array(fc.nat(), { maxLength: 4 }),
        async (parents, random, cuts) => {
          run += 1;
          const chains: string[][] = [];
          const mails = parents.map((parent, n): Mail => {
            const id = `${run}/${n}`;
            // Every third begins a thread, or answers a mail that is lost.
            const begins = n === 0 || parent % 3 === 0;
            const above = begins ? (parent % 2 === 0 ? [] : [`${run}/lost-${n}`]) : chains[parent % n]!;
            chains.push([...above, id]);
            return { id, from: `${run}/p`, references: [...above].reverse() };
          });
          const roots = new Map<string, string[]>();
          for (const [n, { id }] of mails.entries()) {
            const root = chains[n]![0]!;
            roots.set(root, [...(roots.get(root) ?? []), id]);
          }
          const order = mails.map((mail) => ({ mail, at: random.next().value as number }));
          const shuffled = order.sort((a, b) => a.at - b.at).map(({ mail }) => mail);
          expect(await store(shuffled, cuts)).toEqual([...roots.values()].map((ids) => ids.sort()).sort());
        },
      ),
      { numRuns: on === 'sqlite' ? 80 : 25 },
    );
  }, 120_000);
});
