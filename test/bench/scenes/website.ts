import { GENERATOR_SHARE } from '../lib/crowd';
import { cpuFigures } from '../lib/own-cpu';
import { median } from '../lib/pairs';
import { addCounts } from '../lib/recount';
import { round, say, type Scene } from '../lib/scene';
import { openWebsite, saturate, WARM_UP_SECONDS, type Saturation } from '../lib/website';

const VISITORS = 500;
/** Every visitor writes again as soon as they are answered: fewer would leave the batches small, and the machine busy with what each costs. */
const CONCURRENCY = VISITORS;
const ROUNDS = 5;
/** Libredesk 2.7.0 on the same two cores, load generator included: messages accepted per second. */
const PEER_PER_SECOND = 257;

/** The whole way by HTTP: a visitor's post through the edge, durable, stored, assigned, on the screens of twenty agents. */
export const website: Scene = async ({ seconds, seed }) => {
  const site = await openWebsite(VISITORS);
  try {
    await saturate(site, { concurrency: CONCURRENCY, seconds: WARM_UP_SECONDS });
    const rounds: Saturation[] = [];
    for (let nth = 0; nth < ROUNDS; nth++) {
      const one = await saturate(site, { concurrency: CONCURRENCY, seconds: Math.max(1, seconds / ROUNDS / 2) });
      say(
        `  round ${nth + 1}: ${Math.round(one.acceptedPerSecond)} accepted/s, ${Math.round(one.carriedPerSecond)} carried/s`,
      );
      rounds.push(one);
    }
    const { counts, cutOff } = await site.recount(rounds.at(-1)!.outcome);
    const carried = median(rounds.map(({ carriedPerSecond }) => carriedPerSecond));
    const messages = rounds.reduce((all, one) => all + one.messages, 0);
    const refused = rounds
      .flatMap(({ outcome }) => Object.entries(outcome.statuses))
      .filter(([status]) => status !== '202');
    return {
      scene: 'website',
      ratio: null,
      ratioRange: null,
      floor: null,
      system: round(carried),
      unit: 'messages/s',
      ...cpuFigures(
        rounds.map(({ cpu }) => cpu),
        messages,
      ),
      ...addCounts([counts]),
      p50Ms: rounds.at(-1)!.outcome.answered.p50Ms,
      p99Ms: rounds.at(-1)!.outcome.answered.p99Ms,
      details: {
        latencyOf: `a post until its 202, ${CONCURRENCY} at a time (the last round); for the whole way see \`latency\``,
        acceptedPerSecond: round(median(rounds.map(({ acceptedPerSecond }) => acceptedPerSecond))),
        carriedPerSecond: rounds.map(({ carriedPerSecond }) => round(carriedPerSecond)),
        acceptedPerSecondByRound: rounds.map(({ acceptedPerSecond }) => round(acceptedPerSecond)),
        timesThePeer: round(carried / PEER_PER_SECOND, 2),
        messages,
        refused,
        socketsCutOff: cutOff,
        generatorWasTheBottleneck: rounds.some(({ outcome }) => outcome.self.cpuShare > GENERATOR_SHARE),
        generatorCpuShare: round(Math.max(...rounds.map(({ outcome }) => outcome.self.cpuShare)), 2),
      },
      settings: {
        seed,
        visitors: VISITORS,
        concurrency: CONCURRENCY,
        agents: site.desk.agents.length,
        rounds: ROUNDS,
        database: await site.database.settings(),
      },
    };
  } finally {
    await site.close();
  }
};
