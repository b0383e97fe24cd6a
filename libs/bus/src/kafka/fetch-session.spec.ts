import { FetchSession, type PartitionAsked, type TopicAsked } from './fetch-session';

const at = (partition: number, fetchOffset: number): PartitionAsked => ({
  partition,
  fetchOffset: String(fetchOffset),
  maxBytes: 1024,
});
const of = (topic: string, ...partitions: PartitionAsked[]): TopicAsked => ({ topic, partitions });

describe('a fetch session', () => {
  it('names all partitions once, then those that are read from elsewhere, are new or are gone', () => {
    const session = new FetchSession();
    const first = session.ask([of('a', at(0, 5), at(1, 7)), of('b', at(0, 0))]);
    expect(first.topics).toEqual([of('a', at(0, 5), at(1, 7)), of('b', at(0, 0))]);
    expect(first.session).toEqual({ sessionId: 0, sessionEpoch: 0, forgottenTopics: [] });
    first.answered(44);

    const second = session.ask([of('a', at(0, 5), at(1, 9)), of('b', at(0, 0))]);
    expect(second.topics).toEqual([of('a', at(1, 9))]);
    expect(second.session).toEqual({ sessionId: 44, sessionEpoch: 1, forgottenTopics: [] });
    second.answered(44);

    const third = session.ask([of('a', at(0, 5)), of('c', at(2, 1))]);
    expect(third.topics).toEqual([of('c', at(2, 1))]);
    expect(third.session).toEqual({
      sessionId: 44,
      sessionEpoch: 2,
      forgottenTopics: [
        { topic: 'a', partitions: [1] },
        { topic: 'b', partitions: [0] },
      ],
    });
    third.answered(44);

    const fourth = session.ask([of('a', at(0, 5), at(1, 9)), of('c', at(2, 1))]);
    expect(fourth.topics).toEqual([of('a', at(1, 9))]);
  });

  it('asks for a new session, with all partitions, when an answer did not come', () => {
    const session = new FetchSession();
    session.ask([of('a', at(0, 0), at(1, 0))]).answered(44);
    session.ask([of('a', at(0, 1), at(1, 0))]).failed(false);
    const again = session.ask([of('a', at(0, 1), at(1, 0))]);
    expect(again.topics).toEqual([of('a', at(0, 1), at(1, 0))]);
    expect(again.session).toEqual({ sessionId: 44, sessionEpoch: 0, forgottenTopics: [] });
    again.answered(45);
    expect(session.ask([of('a', at(0, 1), at(1, 0))]).session).toMatchObject({ sessionId: 45, sessionEpoch: 1 });
  });

  it('does not name a session that the broker has forgotten, and none where the broker keeps none', () => {
    const session = new FetchSession();
    session.ask([of('a', at(0, 0))]).answered(44);
    session.ask([of('a', at(0, 0))]).failed(true);
    const again = session.ask([of('a', at(0, 0))]);
    expect(again.session).toEqual({ sessionId: 0, sessionEpoch: 0, forgottenTopics: [] });
    again.answered(0);
    const full = session.ask([of('a', at(0, 0))]);
    expect(full.topics).toEqual([of('a', at(0, 0))]);
    expect(full.session).toEqual({ sessionId: 0, sessionEpoch: 0, forgottenTopics: [] });
  });

  it('asks outside of it while an answer is awaited', () => {
    const session = new FetchSession();
    const first = session.ask([of('a', at(0, 0))]);
    const beside = session.ask([of('a', at(0, 3))]);
    expect(beside.topics).toEqual([of('a', at(0, 3))]);
    expect(beside.session).toEqual({ sessionId: 0, sessionEpoch: -1, forgottenTopics: [] });
    beside.answered(0);
    first.answered(44);
    expect(session.ask([of('a', at(0, 3))])).toMatchObject({
      topics: [of('a', at(0, 3))],
      session: { sessionId: 44, sessionEpoch: 1 },
    });
  });
});
