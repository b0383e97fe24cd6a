import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DLQ_COMMANDS,
  dlqTopicOf,
  eventOf,
  type DlqCommandEvent,
  type DlqEvent,
  type TopicSpec,
} from '@huiliu/contracts';
import { createTables, openDatabase, type OpenStorage } from '@huiliu/storage';
import { createTestDatabase, eventually, testBrokers, uniqueName } from '@huiliu/testing';
import { z } from 'zod';
import type { BatchHandler, BusRecord, Delivery, TailRecord } from '../bus';
import type { EngineTiming } from '../engine/timing';
import { wrap } from '../envelopes';
import { openEmbeddedBus, openKafkaBus, type KafkaParts, type OpenBus } from '../open-bus';
import { busSchemas } from '../schema';

export type Kind = 'embedded' | 'kafka';

export const Thing = eventOf('thing', z.object({ v: z.number().int(), text: z.string().optional() }));
export type Thing = z.infer<typeof Thing>['data'];

/** A topic that no other test has. */
export function topicOf(over: Partial<TopicSpec> = {}): TopicSpec {
  return {
    name: `${uniqueName('bus-test')}.v1`,
    partitions: 4,
    compacted: false,
    retentionMs: 3600_000,
    schema: Thing,
    ...over,
  };
}

export const thing = (topic: TopicSpec, key: string, v: number): BusRecord<Thing> =>
  wrap(topic, 'thing', key, { v }, new Date());

/** An event of a kind that handlers of `thing`s do not ask for. */
export const Other = eventOf('other', z.object({ v: z.number().int() }));

export const other = (topic: TopicSpec, key: string, v: number): BusRecord<{ v: number }> =>
  wrap(topic, 'other', key, { v }, new Date());

export interface Effect {
  readonly key: string;
  readonly v: number;
}

/** A bus that is open in this process, on the database of its place. */
export interface OpenedBus extends OpenBus {
  readonly storage: OpenStorage;
  /** What handlers wrote, in the order in which they did. */
  effects(): Promise<Effect[]>;
  /** A handler that writes one row per event; `fails` may throw for one. */
  recorder(fails?: (delivery: Delivery<Thing>) => void): BatchHandler;
  close(): Promise<void>;
}

/** Where buses of one app, or several processes of it, work. */
export interface Place {
  readonly kind: Kind;
  readonly prefix: string;
  readonly url: string;
  readonly group: string;
  open(
    over?: { timing?: Partial<EngineTiming> } & Pick<KafkaParts, 'requestTimeoutMs' | 'sockets'>,
  ): Promise<OpenedBus>;
  remove(): Promise<void>;
}

/** Waits that a test can sit through. */
export const QUICK: Partial<EngineTiming> = {
  holdDelaysMs: [5, 5, 10, 10],
  parkedFirstMs: 60_000,
  parkedPollMs: 100,
  pauseFirstMs: 20,
  pauseAtMostMs: 100,
};

export function effectsSchema(prefix: string) {
  const table = {
    name: `${prefix}_effects`,
    columns: { n: { type: 'big', auto: true }, event_key: { type: 'str(100)' }, v: { type: 'int' } },
    primary: ['n'],
  } as const;
  return { prefix, steps: [createTables('20261123-99-effects', [table])] };
}

export async function makePlace(kind: Kind): Promise<Place> {
  const prefix = `b${randomBytes(6).toString('hex')}`;
  const brokers = kind === 'kafka' ? testBrokers() : [];
  const mysql = kind === 'kafka' ? await createTestDatabase() : null;
  // Last: nobody would remove it if one of those is not there.
  const dir = mkdtempSync(join(tmpdir(), 'huiliu-bus-'));
  const url = mysql?.url ?? `sqlite:${join(dir, 'bus.sqlite')}`;
  const opened: OpenedBus[] = [];
  return {
    kind,
    prefix,
    url,
    group: `${prefix}.group`,
    open: async (over = {}) => {
      const one = await openBusAt(kind, url, prefix, brokers, { ...QUICK, ...over.timing }, over);
      opened.push(one);
      return one;
    },
    remove: async () => {
      for (const one of opened) await one.close();
      await mysql?.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function openBusAt(
  kind: Kind,
  url: string,
  prefix: string,
  brokers: readonly string[],
  timing: Partial<EngineTiming>,
  over: Pick<KafkaParts, 'requestTimeoutMs' | 'sockets'> = {},
): Promise<OpenedBus> {
  const storage = await openDatabase({
    url,
    dataDir: tmpdir(),
    prefix,
    schemas: [...busSchemas({ bus: kind }, prefix), effectsSchema(prefix)],
  });
  const verbose = process.env['BUS_TEST_LOG'] ? console.log : () => undefined;
  const parts = {
    prefix,
    database: storage.database,
    clock: storage.clock,
    timing,
    log: { error: verbose, warn: verbose, debug: () => undefined },
  };
  const { handled, outbox, relay } = storage;
  const open: OpenBus =
    kind === 'embedded'
      ? openEmbeddedBus(parts)
      : openKafkaBus({
          ...parts,
          brokers,
          handled,
          outbox,
          relay,
          requestTimeoutMs: over.requestTimeoutMs,
          sockets: over.sockets,
        });
  const table = `${prefix}_effects`;
  return {
    ...open,
    storage,
    effects: async () => {
      const rows = await storage.database.query<{ event_key: string; v: number }>(
        `SELECT event_key, v FROM ${table} ORDER BY n`,
      );
      return rows.map((row) => ({ key: row.event_key, v: row.v }));
    },
    recorder:
      (fails = () => undefined) =>
      (batch) =>
        storage.database.transaction(async (tx) => {
          const fresh = (await batch.claim(tx)) as readonly Delivery<Thing>[];
          for (const delivery of fresh) fails(delivery);
          await tx.insertMany(
            table,
            ['event_key', 'v'],
            fresh.map(({ envelope }) => [envelope.key, envelope.data.v]),
          );
        }),
    close: async () => {
      await open.bus.stop(5_000);
      await storage.close();
    },
  };
}

/** The values of each key in the order of the effects. */
export function byKey(effects: readonly Effect[]): Record<string, number[]> {
  const keys: Record<string, number[]> = {};
  for (const { key, v } of effects) (keys[key] ??= []).push(v);
  return keys;
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export async function haveEffects(opened: OpenedBus, count: number, timeoutMs = 20_000): Promise<Effect[]> {
  return eventually(
    `${count} effects`,
    async () => {
      const effects = await opened.effects();
      if (effects.length < count) throw new Error(`${effects.length} so far`);
      return effects;
    },
    timeoutMs,
  );
}

/** What the DLQ topic of a topic tells. */
export class DlqView {
  readonly facts: DlqEvent[] = [];

  static async of(opened: OpenedBus, topic: TopicSpec): Promise<DlqView> {
    const view = new DlqView();
    await opened.bus.tail(dlqTopicOf(topic.name), 'beginning', (records: readonly TailRecord[]) => {
      for (const { envelope } of records) view.facts.push(envelope as DlqEvent);
    });
    return view;
  }

  async stored(count = 1) {
    return eventually('dlq.stored', () => {
      const all = this.facts.filter((fact) => fact.type === 'dlq.stored').map((fact) => fact.data);
      return all.length >= count ? all : undefined;
    });
  }

  async removed(id: string) {
    return eventually(
      'dlq.removed',
      () =>
        this.facts.find((fact) => fact.type === 'dlq.removed' && fact.data.id === id)?.data as
          { how: string } | undefined,
    );
  }
}

export async function command(
  opened: OpenedBus,
  type: DlqCommandEvent['type'],
  entry: { id: string; consumer: string; topic: string },
): Promise<void> {
  const { id, consumer, topic } = entry;
  await opened.bus.publish([wrap(DLQ_COMMANDS, type, id, { id, consumer, topic }, new Date())]);
}

export { eventually };
