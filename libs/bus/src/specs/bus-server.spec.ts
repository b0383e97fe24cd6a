import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { EventBatch } from '../bus';
import { BusServer } from '../nest/bus-server';
import { OnEvents } from '../nest/on-events';
import { DlqView, eventually, makePlace, thing, topicOf, type OpenedBus, type Place, type Thing } from './fixture';

const TOPIC = topicOf();
const seen: Record<string, number[]> = { a: [], b: [] };

@Controller()
class First {
  private readonly name = 'a';

  @OnEvents(TOPIC, { group: 'a', maxBatch: 10 })
  handle(@Payload() batch: EventBatch<Thing>): Promise<void> {
    seen[this.name]!.push(...batch.deliveries.map((delivery) => delivery.envelope.data.v));
    return Promise.resolve();
  }
}

@Controller()
class Second {
  @OnEvents(TOPIC, { group: 'b', maxBatch: 10 })
  handle(@Payload() batch: EventBatch<Thing>): void {
    if (batch.deliveries.some((delivery) => delivery.envelope.data.v === 2)) throw new RangeError('no twos');
    seen['b']!.push(...batch.deliveries.map((delivery) => delivery.envelope.data.v));
  }
}

@Module({ controllers: [First, Second] })
class App {}

describe('BusServer', () => {
  let place: Place;
  let opened: OpenedBus;
  let app: INestMicroservice;

  beforeAll(async () => {
    place = await makePlace('embedded');
    opened = await place.open();
    const module = await Test.createTestingModule({ imports: [App] }).compile();
    // No filter of ours here: the framework would make "Internal server error" of what handlers throw.
    app = module.createNestMicroservice({ strategy: new BusServer(opened.bus), logger: false });
    await app.listen();
  });

  afterAll(async () => {
    await app.close();
    await place.remove();
  });

  it('feeds two handlers of one topic, each its own, and sees what they throw', async () => {
    const dlq = await DlqView.of(opened, TOPIC);
    await opened.bus.publish([1, 2, 3].map((v) => thing(TOPIC, `k${v}`, v)));
    await eventually('both', () => seen['a']!.length === 3 && seen['b']!.length === 2);
    expect(seen['a']!.sort()).toEqual([1, 2, 3]);
    expect(seen['b']!.sort()).toEqual([1, 3]);
    const [entry] = await dlq.stored();
    expect(entry).toMatchObject({ consumer: 'b', key: 'k2', reason: 'RangeError: no twos', attempts: 5 });
  });
});
