import type { BusRecord, MessageBus } from '@huiliu/bus';
import type { AccountStatus } from '@huiliu/contracts';
import { newId } from '@huiliu/platform';
import { SystemClock } from '@huiliu/storage';
import { eventually } from '@huiliu/testing';
import type { LeaseBook } from '../leases/lease-book';
import { ChannelAnnouncer } from './channel-announcer';

/** Two processes' announcers on one bus; the account is in the hands of one of them. */
class Played {
  readonly told: (AccountStatus & { by: string })[] = [];
  readonly signals: unknown[] = [];
  reader = 'one';

  announcer(name: string): ChannelAnnouncer {
    const bus = {
      publish: (records: readonly BusRecord<AccountStatus>[]) => {
        for (const { envelope } of records) this.told.push({ ...envelope.data, by: name });
        return Promise.resolve();
      },
      signal: (signal: unknown) => void this.signals.push(signal),
    };
    const leases = { mayBeElsewhere: () => this.reader !== name };
    return new ChannelAnnouncer(bus as unknown as MessageBus, new SystemClock(), leases as unknown as LeaseBook, {
      app: 'connector-toy',
      connectors: [],
    });
  }
}

describe('the status of an account that one process reads', () => {
  const id = newId();
  let played: Played;
  let one: ChannelAnnouncer;
  let two: ChannelAnnouncer;
  beforeEach(() => {
    played = new Played();
    [one, two] = [played.announcer('one'), played.announcer('two')];
    for (const announcer of [one, two]) announcer.isRead(id, true);
  });
  afterEach(() => [one, two].forEach((announcer) => announcer.onApplicationShutdown()));

  const last = (state: string, by: string): Promise<unknown> =>
    eventually('told', () => {
      const status = played.told.at(-1);
      return status?.state === state && status.by === by;
    });

  it('is told by that process alone; another that meets trouble asks it to look, once in a while', async () => {
    two.report(id, 'ok', null);
    two.sawEvent(id);
    two.report(id, 'error', 'the server refuses the mail');
    two.report(id, 'error', 'the server refuses the mail');
    one.report(id, 'degraded', 'the server hangs');
    await last('degraded', 'one');
    expect(played.told.map(({ by }) => by)).toEqual(['one']);
    expect(played.signals).toEqual([{ type: 'account.check', accountId: id, revision: 0, checkId: null }]);
  });

  it('is told anew by whoever takes the account over, also by one that had told the same before', async () => {
    one.report(id, 'ok', null);
    await last('ok', 'one');
    played.reader = 'two';
    two.beginsToRead(id);
    two.report(id, 'error', 'wrong password');
    await last('error', 'two');
    played.reader = 'one';
    one.beginsToRead(id);
    one.report(id, 'ok', null);
    await last('ok', 'one');
  });

  it('is not told by one that loses the account before it has told', async () => {
    one.report(id, 'error', 'wrong password');
    played.reader = 'two';
    two.beginsToRead(id);
    two.report(id, 'ok', null);
    await last('ok', 'two');
    expect(played.told).toHaveLength(1);
  });

  it('is anybody’s where nobody reads it', async () => {
    two.isRead(id, false);
    two.report(id, 'error', 'wrong token');
    await last('error', 'two');
  });

  it('does not wait for what may be told later', async () => {
    jest.useFakeTimers();
    one.report(id, 'ok', null);
    one.sawEvent(id);
    await jest.advanceTimersByTimeAsync(300);
    // From now on only the time of the last event is new, which is told now and then.
    one.sawEvent(id);
    await jest.advanceTimersByTimeAsync(300);
    one.report(id, 'error', 'wrong password');
    await jest.advanceTimersByTimeAsync(300);
    jest.useRealTimers();
    expect(played.told.map(({ state }) => state)).toEqual(['ok', 'error']);
  });
});
