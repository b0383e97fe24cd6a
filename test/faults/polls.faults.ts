import { AgentClient, eventually, startDistributed, uniqueName, type System } from '@huiliu/testing';
import { Channel } from '../conformance/customer';
import { sandboxWorld } from '../conformance/sides/sandbox';

jest.setTimeout(240_000);

const APP = 'connector-weibo';
const PEOPLE = 6;
const EACH = 60;
const KILLS = 3;

describe('a platform that is read by polling, Kafka and MariaDB', () => {
  let system: System;
  beforeAll(async () => void (system = await startDistributed()), 180_000);
  afterAll(() => system?.stop(), 60_000);

  it('loses and doubles nothing and keeps the order while its connector is killed again and again', async () => {
    const admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    const channel = await Channel.open(system, admin, 'weibo', sandboxWorld('weibo'), { pollSeconds: 1 });
    // What is pushed meanwhile is tried again, as the platform does it.
    await channel.set({ schedule: { answerMs: 5_000, pauseMs: 3_000, tries: 10 } });
    const people = Array.from({ length: PEOPLE }, () => ({
      name: uniqueName('p'),
      public: [] as string[],
      said: [] as string[],
    }));
    let speaking = PEOPLE;
    const speak = async (person: (typeof people)[number]): Promise<void> => {
      for (let n = 0; n < EACH; n++) {
        // Every third comment names us too: it is in two timelines, and pushed as a mention.
        const text = `${uniqueName(`c${n}`)}${n % 3 === 0 ? ' @我们的微博' : ''}`;
        await channel.say({ customer: person.name, kind: 'comment', text });
        person.public.push(text);
        if (n % 4 !== 0) continue;
        const said = uniqueName(`m${n}`);
        expect(await channel.say({ customer: person.name, text: said })).toMatchObject([{ taken: true }]);
        person.said.push(said);
      }
      speaking--;
    };
    const spoken = Promise.all(people.map(speak));
    let kills = 0;
    while (kills < KILLS || speaking > 0) {
      const reached = (kills + 1) * Math.floor((PEOPLE * EACH) / (KILLS + 1));
      const said = people.reduce((sum, { public: all }) => sum + all.length, 0);
      if (kills < KILLS && said >= reached) {
        await system.kill(APP);
        await system.restart();
        kills++;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await spoken;

    /** What stands in the conversation that begins with this text, of what people have said. */
    const inbound = async (first: string): Promise<string[]> => {
      const messages = await channel.messages(await channel.conversationWith(first));
      return messages.filter(({ direction }) => direction === 'inbound').map(({ content }) => content.text);
    };
    for (const person of people) {
      for (const said of [person.public, person.said]) {
        const [first = '', last = ''] = [said[0], said.at(-1)];
        await eventually('the last of it', async () => (await inbound(first)).includes(last), 60_000);
        expect(await inbound(first)).toEqual(said);
      }
    }
  });
});
