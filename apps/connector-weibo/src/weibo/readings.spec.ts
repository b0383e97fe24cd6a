import { ConnectorError } from '@huiliu/connector-kit';
import type { TimelineName } from './client';
import { errorOf } from './errors';
import { Readings } from './readings';

const NOW = Date.parse('2026-11-27T12:00:00.000Z');
const WRITTEN = 'Fri Nov 27 19:59:00 +0800 2026';
const comment = (id: number, text = `c${id}`) => ({
  id,
  created_at: WRITTEN,
  text,
  user: { id: 7, screen_name: 'zaku' },
  status: { id: 1, text: 'post' },
});
type Answers = Record<TimelineName, () => object>;

/** The platform's timelines as a test sets them; every page but the first is empty. */
function readingsOf(answers: Partial<Answers>): Readings {
  const page = (name: TimelineName, _since: string, upTo: string | null): Promise<unknown> =>
    Promise.resolve().then(() => (upTo === null ? (answers[name]?.() ?? {}) : {}));
  return new Readings({ page }, '99', () => NOW);
}
const said = async (readings: Readings, cursor: string | null) => {
  const { events, cursor: next } = await readings.read(cursor, AbortSignal.timeout(1000));
  const ids = events.flatMap((event) =>
    event.type === 'message.received' && event.data.direction !== 'system' ? [event.data.remoteId] : [],
  );
  return { ids, next };
};
const START = JSON.stringify({
  comments: { since: '0', seen: [] },
  commentMentions: { since: '0', seen: [] },
  mentions: { since: '0', seen: [] },
});

describe('comments and mentions together', () => {
  it('a comment in two timelines comes once, and in the order of all comments', async () => {
    const all = [comment(1), comment(2), comment(3)];
    const readings = readingsOf({
      commentMentions: () => ({ comments: [comment(3), comment(1)] }),
      comments: () => ({ comments: all }),
    });
    expect((await said(readings, START)).ids).toEqual(['comment:1', 'comment:2', 'comment:3']);
  });

  it('what is said while they are asked overtakes nothing', async () => {
    let there = [comment(1)];
    // Between the two questions somebody writes twice; the second one names us.
    const readings = readingsOf({
      commentMentions: () => ({ comments: there.filter(({ id }) => id === 3) }),
      comments: () => {
        const answer = { comments: there };
        there = [comment(1), comment(2), comment(3)];
        return answer;
      },
    });
    const first = await said(readings, START);
    const second = await said(readings, first.next);
    expect([first.ids, second.ids]).toEqual([['comment:1'], ['comment:2', 'comment:3']]);
  });

  it('one that is closed to the app is told, keeps its place and bars no other', async () => {
    const closed = (): never => {
      throw errorOf('10014', 'insufficient app permissions');
    };
    const readings = readingsOf({ comments: () => ({ comments: [comment(1)] }), mentions: closed });
    const { ids, next } = await said(readings, START);
    expect(ids).toEqual(['comment:1']);
    expect(JSON.parse(next)).toMatchObject({ mentions: { since: '0', seen: [] } });
    expect(readings.trouble).toMatch(/@我的微博.*10014/);
  });

  it('a token that has ended stops all of it', async () => {
    const readings = readingsOf({
      commentMentions: () => {
        throw errorOf('21327', 'expired_token');
      },
    });
    await expect(said(readings, START)).rejects.toThrow(ConnectorError);
  });

  it('a position that cannot be read is not begun anew', async () => {
    await expect(said(readingsOf({}), '{"comments":1}')).rejects.toThrow('position');
  });
});
