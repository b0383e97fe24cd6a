import { toOutbox, wrap } from '../envelopes';
import { byKey, eventually, haveEffects, makePlace, topicOf, upTo, type Place } from './fixture';

jest.setTimeout(60_000);

/** As long as a customer's long message; each of its characters is three bytes on the wire. */
const LONG = '很长'.repeat(1_900);

describe('long records (kafka)', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('kafka');
  });
  afterEach(() => place.remove());

  it('publishes, in order, more than the broker takes in one batch', async () => {
    const topic = topicOf({ partitions: 1 });
    const opened = await place.open();
    opened.bus.subscribe(topic, { group: place.group }, opened.recorder());
    await opened.bus.start();
    await opened.bus.publish(upTo(400).map((v) => wrap(topic, 'thing', 'k', { v, text: LONG }, new Date())));
    expect(byKey(await haveEffects(opened, 400))).toEqual({ k: upTo(400) });
  });

  it('sends an outbox with more in it than the broker takes in one batch', async () => {
    const topic = topicOf({ partitions: 1 });
    const opened = await place.open();
    opened.bus.subscribe(topic, { group: place.group }, opened.recorder());
    // A backlog, as after a while in which the broker was away or this process had no time.
    await opened.storage.database.transaction((tx) =>
      opened.outbox.add(
        tx,
        upTo(400).map((v) => toOutbox(wrap(topic, 'thing', 'k', { v, text: LONG }, new Date()))),
      ),
    );
    await opened.bus.start();
    expect(byKey(await haveEffects(opened, 400))).toEqual({ k: upTo(400) });
    await eventually('nothing is left', async () => (await opened.storage.relay.stats()).backlog === 0);
  });
});
