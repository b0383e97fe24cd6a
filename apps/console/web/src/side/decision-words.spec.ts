import type { Decision } from '@huiliu/contracts';
import { explain } from './decision-words';

const candidate = (name: string, over = {}) => ({
  agentId: name,
  name,
  load: 1,
  capacity: 5,
  idleSince: null,
  excluded: null,
  ...over,
});
const decision = (over: Partial<Decision['reason']> = {}): Decision => ({
  id: 'd',
  conversationId: 'c',
  type: 'assigned',
  agent: { id: 'lin', name: '林' },
  by: null,
  assignmentVersion: 1,
  createdAt: '2026-11-23T12:00:00.000Z',
  reason: {
    strategy: 'sticky',
    queue: 'q',
    waitedMs: 6200,
    rulesVersion: 1,
    omitted: 0,
    candidates: [
      candidate('lin', { load: 12, capacity: 20 }),
      candidate('chen'),
      candidate('zhao', { excluded: 'away' }),
    ],
    ...over,
  },
});

describe('explain', () => {
  it('tells load, waiting, who else could and who could not', () => {
    const words = explain(decision());
    expect(words.title.key).toBe('why.type.assigned');
    expect(words.facts).toEqual([
      { key: 'why.load', values: { load: 12, capacity: 20 } },
      { key: 'why.waitedSeconds', values: { n: 6 } },
      { key: 'why.others', values: { count: 1 } },
    ]);
    expect(words.excluded.map((c) => c.name)).toEqual(['zhao']);
  });

  it('counts minutes when it took long and tells what is not listed', () => {
    const facts = explain(decision({ waitedMs: 125_000, omitted: 30 })).facts;
    expect(facts).toContainEqual({ key: 'why.waitedMinutes', values: { n: 2, s: 5 } });
    expect(facts).toContainEqual({ key: 'why.omitted', values: { count: 30 } });
  });

  it('says nothing of waiting when a person decided', () => {
    const words = explain({
      ...decision({ strategy: 'by_hand', candidates: [] }),
      type: 'by_hand',
      by: { id: 'w', name: '王' },
    });
    expect(words.title).toEqual({ key: 'why.type.by_hand', values: { agent: '林', by: '王' } });
    expect(words.facts).toEqual([]);
  });
});
