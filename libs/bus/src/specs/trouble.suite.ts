import { newId } from '@huiliu/platform';
import {
  byKey,
  command,
  DlqView,
  eventually,
  haveEffects,
  makePlace,
  thing,
  topicOf,
  upTo,
  type Kind,
  type OpenedBus,
  type Place,
  type Thing,
} from './fixture';
import type { Delivery } from '../bus';

const POISON = 3;

/** How events that cannot be handled stay where they are. */
export function troubleSuite(kind: Kind): void {
  describe(`trouble (${kind})`, () => {
    let place: Place;
    let ill = true;
    beforeEach(async () => {
      ill = true;
      place = await makePlace(kind);
    });
    afterEach(() => place.remove());

    const poison = ({ envelope }: Delivery<Thing>): void => {
      if (ill && envelope.key === 'bad' && envelope.data.v === POISON) throw new Error('cannot digest this');
    };

    async function started(
      timing = {},
    ): Promise<{ opened: OpenedBus; topic: ReturnType<typeof topicOf>; dlq: DlqView }> {
      const topic = topicOf();
      const opened = await place.open({ timing });
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 4 }, opened.recorder(poison));
      const dlq = await DlqView.of(opened, topic);
      await opened.bus.start();
      return { opened, topic, dlq };
    }

    it('is well once the database answers, though nothing comes', async () => {
      const opened = await place.open();
      const away = jest.spyOn(opened.parked, 'overview').mockRejectedValue(new Error('connection refused'));
      const topic = topicOf();
      opened.bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 4 }, opened.recorder());
      await opened.bus.start();
      await eventually('in trouble', () => opened.bus.trouble()?.includes('connection refused'));
      away.mockRestore();
      await eventually('well', () => opened.bus.trouble() === null);
    });

    it('parks a poisonous event with what follows it, while other keys go on; replay keeps the order', async () => {
      const { opened, topic, dlq } = await started();
      for (const v of upTo(6))
        await opened.bus.publish(upTo(8).map((k) => thing(topic, k === 0 ? 'bad' : `good${k}`, v)));
      const keys = byKey(await haveEffects(opened, 7 * 6 + POISON));
      expect(keys['bad']).toEqual(upTo(POISON));
      const [entry] = await dlq.stored();
      expect(entry).toMatchObject({
        topic: topic.name,
        key: 'bad',
        consumer: place.group,
        state: 'parked',
        attempts: 5,
        reason: 'Error: cannot digest this',
      });

      // What comes later of the key goes behind.
      await opened.bus.publish([thing(topic, 'bad', 6), thing(topic, 'good1', 6)]);
      await eventually('the other key went on', async () => byKey(await opened.effects())['good1']?.length === 7);
      await eventually('four rows', async () => (await opened.parked.counts()).parked === 4);
      expect(byKey(await opened.effects())['bad']).toEqual(upTo(POISON));

      ill = false;
      await command(opened, 'dlq.replay', entry!);
      expect((await dlq.removed(entry!.id)).how).toBe('replayed');
      await eventually('the key is whole', async () => byKey(await opened.effects())['bad']?.length === 7);
      expect(byKey(await opened.effects())['bad']).toEqual(upTo(7));
      expect(await opened.parked.counts()).toEqual({ parked: 0, dead: 0 });

      // And the key is free again.
      await opened.bus.publish([thing(topic, 'bad', 7)]);
      await eventually('the next event', async () => byKey(await opened.effects())['bad']?.length === 8);
      expect(dlq.facts.filter((fact) => fact.type === 'dlq.stored')).toHaveLength(1);
    });

    it('goes on behind a discarded event', async () => {
      const { opened, topic, dlq } = await started();
      await opened.bus.publish(upTo(6).map((v) => thing(topic, 'bad', v)));
      const [entry] = await dlq.stored();
      await command(opened, 'dlq.discard', entry!);
      expect((await dlq.removed(entry!.id)).how).toBe('discarded');
      await eventually('the rest', async () => (await opened.effects()).length === 5);
      expect((await opened.effects()).map((effect) => effect.v)).toEqual([0, 1, 2, 4, 5]);
    });

    it('tells again when a replay fails', async () => {
      const { opened, topic, dlq } = await started();
      await opened.bus.publish(upTo(5).map((v) => thing(topic, 'bad', v)));
      const [entry] = await dlq.stored();
      await command(opened, 'dlq.replay', entry!);
      const all = await dlq.stored(2);
      expect(all[1]).toMatchObject({ id: entry!.id, state: 'parked', attempts: 6 });
      expect(byKey(await opened.effects())['bad']).toEqual(upTo(POISON));
    });

    it('tries parked events again by itself', async () => {
      const { opened, topic, dlq } = await started({ parkedFirstMs: 300 });
      await opened.bus.publish(upTo(6).map((v) => thing(topic, 'bad', v)));
      const [entry] = await dlq.stored();
      ill = false;
      expect((await dlq.removed(entry!.id)).how).toBe('handled');
      await haveEffects(opened, 6);
      expect(byKey(await opened.effects())['bad']).toEqual(upTo(6));
    });

    it('keeps a key parked over a restart', async () => {
      const { opened, topic, dlq } = await started();
      await opened.bus.publish(upTo(5).map((v) => thing(topic, 'bad', v)));
      const [entry] = await dlq.stored();
      await opened.close();

      const again = await place.open();
      again.bus.subscribe(topic, { group: place.group, maxBatch: 20, lanes: 4 }, again.recorder(poison));
      const view = await DlqView.of(again, topic);
      await again.bus.start();
      await again.bus.publish([thing(topic, 'bad', 5), thing(topic, 'good', 0)]);
      await eventually('the other key', async () => byKey(await again.effects())['good']?.length === 1);
      await eventually('three rows', async () => (await again.parked.counts()).parked === 3);
      ill = false;
      await command(again, 'dlq.replay', entry!);
      await view.removed(entry!.id);
      await eventually('the key is whole', async () => byKey(await again.effects())['bad']?.length === 6);
      expect(byKey(await again.effects())['bad']).toEqual(upTo(6));
    });

    it('recovers without parking when a retry succeeds', async () => {
      const topic = topicOf();
      const opened = await place.open();
      let failures = 3;
      opened.bus.subscribe(
        topic,
        { group: place.group, maxBatch: 10, lanes: 2 },
        opened.recorder(({ envelope }) => {
          if (envelope.data.v === 2 && failures-- > 0) throw new Error('not yet');
        }),
      );
      await opened.bus.start();
      await opened.bus.publish(upTo(6).map((v) => thing(topic, 'k', v)));
      const effects = await haveEffects(opened, 6);
      expect(effects.map((effect) => effect.v)).toEqual(upTo(6));
      expect(await opened.parked.counts()).toEqual({ parked: 0, dead: 0 });
    });

    it('waits for a failing event by its own measure when the clock is set back', async () => {
      const { opened, topic, dlq } = await started({ holdDelaysMs: [600, 5, 5, 5] });
      const minutes = 10 * 60_000;
      const real = Date.now.bind(Date);
      let offset = 0;
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + offset);
      try {
        await opened.bus.publish(upTo(5).map((v) => thing(topic, 'bad', v)));
        await haveEffects(opened, POISON);
        offset = -minutes;
        expect((await dlq.stored())[0]).toMatchObject({ key: 'bad', attempts: 5 });
      } finally {
        clock.mockRestore();
      }
    });

    it('buries what is no valid event, with its bytes, and the key goes on', async () => {
      const { opened, topic, dlq } = await started();
      const before = thing(topic, 'k', 1);
      const invalid = { ...thing(topic, 'k', 2).envelope, data: { v: 'two' } };
      const after = thing(topic, 'k', 3);
      const raw = (id: string, value: string) => ({ topic: topic.name, key: 'k', id, value });
      await opened.storage.database.transaction((tx) =>
        opened.outbox.add(tx, [
          raw(before.envelope.id, JSON.stringify(before.envelope)),
          raw(newId(), '{"id": broken 汇流'),
          raw(invalid.id, JSON.stringify(invalid)),
          raw(after.envelope.id, JSON.stringify(after.envelope)),
        ]),
      );
      expect((await haveEffects(opened, 2)).map((effect) => effect.v)).toEqual([1, 3]);
      const entries = await dlq.stored(2);
      expect(entries.map((entry) => [entry.state, entry.key])).toEqual([
        ['dead', 'k'],
        ['dead', 'k'],
      ]);
      expect(entries.map((entry) => entry.reason).sort()).toEqual([
        'invalid: data.v: Invalid input: expected number, received string',
        'not JSON',
      ]);
      expect(await opened.parked.counts()).toEqual({ parked: 0, dead: 2 });

      // Replayed, it is read and judged anew; it is no more valid than before.
      await command(opened, 'dlq.replay', entries[0]!);
      const again = await dlq.stored(3);
      expect(again[2]).toMatchObject({ id: entries[0]!.id, state: 'dead', attempts: 2 });
      await command(opened, 'dlq.discard', entries[0]!);
      expect((await dlq.removed(entries[0]!.id)).how).toBe('discarded');
    });
  });
}
