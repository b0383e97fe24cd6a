import { heldPastSession, joinsAndLeaves, terminated } from './handover';
import { MODES, openInside, scene, type Inside } from './harness/inside';
import { heldEventSurvives } from './held';
import { poisonStays } from './poison';
import { acceptingRaces, answeringRaces, retryRaces, writersAgree } from './races/scenes';
import { nothingNew } from './replay';
import { staleOwners } from './toy/stale';

jest.setTimeout(180_000);

describe.each(MODES)('trouble in the middle of work (%s)', (mode) => {
  let world: Inside;
  const play = async (name: string, what: (world: Inside) => Promise<string[]>): Promise<void> =>
    expect(await scene(world, name, what)).toEqual([]);
  beforeAll(async () => {
    world = await openInside(mode, mode === 'distributed' ? { INSTANCES: 'inbox=2,routing=2' } : {});
  });
  afterAll(() => world?.stop());

  it('a poison event waits alone, is seen, tried again and thrown away; nobody else notices', () =>
    play('poison', poisonStays));

  it('an event that is being tried again when its process is killed is neither lost nor overtaken', () =>
    play('held and killed', heldEventSurvives));

  it('a customer and two agents write at once: record, screens and customer agree on the order', () =>
    play('writers', (inside) => writersAgree(inside, { conversations: 4, each: mode === 'embedded' ? 150 : 50 })));

  it('two people who do something at once are told one outcome', () => play('two at once', answeringRaces));

  it('one offer, accepted twice or taken away meanwhile, has one end', () => play('two accepts', acceptingRaces));

  it('two clicks on retry send once', () => play('two retries', retryRaces));

  it('what comes again, in order or in none, changes nothing', () => play('replay', nothingNew));

  it.each(mode === 'embedded' ? ['suite'] : ['inbox', 'connector-webchat', 'edge'])(
    'SIGTERM under load: %s ends well in time, tells its sockets, and nothing is lost',
    (app) => play(`SIGTERM of ${app}`, (inside) => terminated(inside, app)),
  );

  if (mode === 'embedded') return;

  it('a process of the inbox joins and leaves in the middle of everything', () =>
    play('join and leave', joinsAndLeaves));

  it('an inbox held still past its session wakes, and nothing is doubled', () =>
    play('SIGSTOP of inbox', (inside) => heldPastSession(inside, 'inbox')));

  it('a connector held still past its lease wakes, and reads and sends nothing again', () =>
    play('SIGSTOP of a connector', staleOwners));
});
