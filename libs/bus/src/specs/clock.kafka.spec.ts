import { testBrokers } from '@huiliu/testing';
import { Kafka, logLevel } from 'kafkajs';
import { eventually, haveEffects, makePlace, thing, topicOf, type Place } from './fixture';

jest.setTimeout(60_000);

/** Longer than a group waits for a sign of a consumer (10 s). */
const PAST_THE_SESSION_MS = 14_000;

describe('a wall clock that is set back (kafka)', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('kafka');
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await place.remove();
  });

  it('does not cost a consumer its place in the group', async () => {
    const topic = topicOf({ partitions: 2 });
    const opened = await place.open();
    opened.bus.subscribe(topic, { group: place.group }, opened.recorder());
    await opened.bus.start();
    await opened.bus.publish([thing(topic, 'k', 1)]);
    await haveEffects(opened, 1);

    const real = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => real() - 600_000);
    const end = performance.now() + PAST_THE_SESSION_MS;
    await eventually('its session would have ended', () => performance.now() > end, 2 * PAST_THE_SESSION_MS);

    const admin = new Kafka({ brokers: testBrokers(), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { groups } = await admin.describeGroups([place.group]);
    await admin.disconnect();
    expect(groups[0]?.members).toHaveLength(1);
    await opened.bus.publish([thing(topic, 'k', 2)]);
    expect(await haveEffects(opened, 2)).toEqual([
      { key: 'k', v: 1 },
      { key: 'k', v: 2 },
    ]);
  });
});
