import { eventually, haveEffects, makePlace, thing, topicOf, upTo, type Kind, type Place } from './fixture';

jest.setTimeout(30_000);

/** What a handler is not given while it says that nothing concerns it, on either bus. */
export function concernedSuite(kind: Kind): void {
  describe(`a handler that nothing concerns for a while (${kind})`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await makePlace(kind);
    });
    afterEach(() => place.remove());

    it('is not given what comes then, by nobody who follows it either, and everything that comes later', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      let asked = 0;
      let concerned = false;
      const record = opened.recorder();
      opened.bus.subscribe(
        topic,
        {
          group: place.group,
          concerned: () => {
            asked++;
            return concerned;
          },
        },
        record,
      );
      await opened.bus.start();
      await opened.bus.publish(upTo(10).map((v) => thing(topic, 'k', v)));
      await eventually('they have come', () => asked > 0);
      concerned = true;
      await opened.bus.publish([thing(topic, 'k', 10)]);
      expect(await haveEffects(opened, 1)).toEqual([{ key: 'k', v: 10 }]);
      await opened.close();

      const heir = await place.open();
      heir.bus.subscribe(topic, { group: place.group }, heir.recorder());
      await heir.bus.start();
      await heir.bus.publish([thing(topic, 'k', 11)]);
      expect(await haveEffects(heir, 2)).toEqual([
        { key: 'k', v: 10 },
        { key: 'k', v: 11 },
      ]);
    });

    it('is not given by the next process what came while nothing concerned it', async () => {
      const topic = topicOf({ partitions: 1 });
      const opened = await place.open();
      let asked = 0;
      const concerned = (): boolean => asked++ < 0;
      opened.bus.subscribe(topic, { group: place.group, concerned }, opened.recorder());
      await opened.bus.start();
      await opened.bus.publish(upTo(10).map((v) => thing(topic, 'k', v)));
      await eventually('they have come', () => asked > 0);
      await opened.close();

      const heir = await place.open();
      heir.bus.subscribe(topic, { group: place.group }, heir.recorder());
      await heir.bus.start();
      await heir.bus.publish([thing(topic, 'k', 10)]);
      expect(await haveEffects(heir, 1)).toEqual([{ key: 'k', v: 10 }]);
    });
  });
}
