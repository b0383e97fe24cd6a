import { unavailable } from '@huiliu/platform';
import { eventually } from '@huiliu/testing';
import { InboundPublisher } from '../inbound/inbound-publisher';
import { ToyApp } from '../testing/toy-app';

jest.setTimeout(30_000);

describe('what a pull brings', () => {
  let app: ToyApp;
  beforeAll(async () => void (app = await ToyApp.start()));
  afterAll(() => app.stop());

  const signal = (): Promise<unknown> =>
    app.push(JSON.stringify({ id: 'signal', from: 'customer-1', text: 'there is something', pull: 'token' }));

  it('is published, and the cursor goes on', async () => {
    app.platform.pulls = [{ events: [{ id: 'p1', from: 'customer-1', text: 'one' }], cursor: 'c1' }];
    await signal();
    await eventually('it is published', () => app.inbound.length === 1);
    await signal();
    await eventually('the next pull goes on', () => app.platform.pulledFrom.at(-1) === 'c1');
  });

  it('is pulled again from the same cursor when it could not be published', async () => {
    const publisher = app.service.app.get(InboundPublisher);
    const publish = publisher.publish.bind(publisher);
    let refusals = 0;
    jest.spyOn(publisher, 'publish').mockImplementation((records) => {
      if (records.length === 0 || refusals > 0) return publish(records);
      refusals++;
      return Promise.reject(unavailable('cannot be accepted now', 5));
    });
    // A platform gives what one asks for from where one stands: the same page to the same cursor.
    const page = { events: [{ id: 'p2', from: 'customer-1', text: 'two' }], cursor: 'c2' };
    app.platform.pulls = [page];
    const asked = app.platform.pulledFrom.length;
    await signal();
    await eventually('it was refused', () => refusals === 1);
    app.platform.pulls = [page];
    await eventually('it is pulled again', () => app.platform.pulledFrom.length > asked + 1);
    expect(app.platform.pulledFrom.slice(asked, asked + 2)).toEqual(['c1', 'c1']);
    await eventually('it is published', () => app.inbound.length === 2);
  });
});
