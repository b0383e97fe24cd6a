import { Screens } from './agents-screens';
import { accepted, Crowd, type CrowdOutcome } from './crowd';
import { CpuMeter, type CpuUse } from './cpu';
import { BenchDatabase } from './database';
import { openDesk, type Desk } from './desk';
import { startDistributedProduct, type Product } from './product';
import { addCounts, type Counts } from './recount';
import { startServices, type Services } from './services';
import { recountStored } from './stored';

/** The whole product behind its edge, visitors in front of it and agents watching. */
export interface Website {
  readonly services: Services;
  readonly product: Product;
  readonly database: BenchDatabase;
  readonly desk: Desk;
  readonly crowd: Crowd;
  readonly screens: Screens;
  /** CPU of every process from now on, the load's too. */
  meter(): CpuMeter;
  /** What was sent so far against the screens and the database. */
  recount(outcome: CrowdOutcome): Promise<{ counts: Counts; cutOff: number }>;
  close(): Promise<void>;
}

export async function openWebsite(visitors: number): Promise<Website> {
  const services = await startServices();
  const product = await startDistributedProduct(services);
  const database = await BenchDatabase.open(services.databaseUrl);
  const desk = await openDesk(product);
  const crowd = await Crowd.open(product.baseUrl, desk.accountId, visitors);
  const screens = await Screens.ofAgents(desk.agents);
  return {
    services,
    product,
    database,
    desk,
    crowd,
    screens,
    meter: () =>
      new CpuMeter([
        ...product.processes(),
        ...services.processes,
        { name: 'visitors', pid: crowd.process.pid },
        { name: 'watchers', pid: screens.process.pid },
      ]),
    recount: async (outcome) => {
      const sent = crowd.sentBy(outcome);
      const { counts, cutOff } = await screens.report(sent);
      const conversations = crowd.conversations
        .filter((id) => (sent.get(id) ?? 0) > 0)
        .map((id) => ({ id, visitorId: '' }));
      return { counts: addCounts([counts, await recountStored(database, conversations, sent)]), cutOff };
    },
    close: async () => {
      await Promise.all([crowd.close(), screens.close()]);
      await database.close();
      await product.stop();
      await product.remove();
      await services.stop();
    },
  };
}

/**
 * So long everyone writes before anything counts: the broker's compiler takes half of its CPU in its first half minute (`/proc/<pid>/task`), and
 * Node's the hot functions of each process. What is measured is a product at work, not one that has just begun.
 */
export const WARM_UP_SECONDS = 30;

export interface Saturation {
  readonly outcome: CrowdOutcome;
  readonly messages: number;
  /** Messages ÷ the time until the last of them was on the last screen. */
  readonly carriedPerSecond: number;
  /** Messages ÷ the time until the last of them was answered. */
  readonly acceptedPerSecond: number;
  readonly cpu: CpuUse;
}

/** Visitors write as fast as they are answered; it ends when everything is on every screen. */
export async function saturate(
  site: Website,
  options: { concurrency: number; count?: number; seconds?: number; among?: number },
): Promise<Saturation> {
  const before = site.screens.seen;
  const meter = site.meter();
  await site.screens.begin();
  const outcome = await site.crowd.write(options);
  const messages = accepted(outcome);
  await site.screens.begin({ expected: before + messages });
  await site.screens.shown(before + messages);
  const { lastMs } = await site.screens.report(new Map());
  return {
    outcome,
    messages,
    carriedPerSecond: (messages * 1000) / (lastMs - outcome.startMs),
    acceptedPerSecond: (messages * 1000) / (outcome.endMs - outcome.startMs),
    cpu: meter.read(),
  };
}
