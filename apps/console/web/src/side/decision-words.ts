import type { Decision } from '@huiliu/contracts';

type Candidate = Decision['reason']['candidates'][number];

/** A sentence to translate: the key and what goes into it. */
export interface Words {
  readonly key: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Why a decision came out as it did, as sentences. */
export interface Explanation {
  readonly title: Words;
  readonly facts: readonly Words[];
  readonly available: readonly Candidate[];
  readonly excluded: readonly Candidate[];
}

function waited(ms: number): Words {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return { key: 'why.waitedSeconds', values: { n: seconds } };
  return { key: 'why.waitedMinutes', values: { n: Math.floor(seconds / 60), s: seconds % 60 } };
}

/** Explains a stored decision with nothing but what it holds. */
export function explain(decision: Decision): Explanation {
  const { reason, agent, by } = decision;
  const facts: Words[] = [];
  const chosen = reason.candidates.find((candidate) => candidate.agentId === agent?.id);
  if (chosen) facts.push({ key: 'why.load', values: { load: chosen.load, capacity: chosen.capacity } });
  if (reason.strategy !== 'by_hand') facts.push(waited(reason.waitedMs));
  const available = reason.candidates.filter(
    (candidate) => candidate.excluded === null && candidate.agentId !== agent?.id,
  );
  const excluded = reason.candidates.filter((candidate) => candidate.excluded !== null);
  if (available.length > 0) facts.push({ key: 'why.others', values: { count: available.length } });
  if (reason.omitted > 0) facts.push({ key: 'why.omitted', values: { count: reason.omitted } });
  return {
    title: { key: `why.type.${decision.type}`, values: { agent: agent?.name ?? '', by: by?.name ?? '' } },
    facts,
    available,
    excluded,
  };
}
