import { appendFileSync } from 'node:fs';
import { type Case, CASES } from './cases';
import { connectorFolders } from '../lib/connector-folders';
import { PLANS } from './channels/plans';
import { type Conformance, startConformance } from './stage';

jest.setTimeout(120_000);

const wanted = process.env['HUILIU_CONFORMANCE'] ?? '';
const plans = PLANS.filter(({ channel }) => wanted === '' || channel === wanted);

describe('every connector', () => {
  it('has a plan: a folder with a definition is a channel that is tried', () => {
    const channels = connectorFolders().map(({ definition }) => definition.channel);
    expect(PLANS.map(({ channel }) => channel).sort()).toEqual(channels.sort());
  });

  it.each(plans.map((plan) => [plan.channel, plan] as const))('%s says why of what does not apply', (_name, plan) => {
    const names = CASES.map(({ name }) => name);
    for (const [name, why] of Object.entries(plan.notApplicable)) {
      expect(names).toContain(name);
      expect(why.length).toBeGreaterThan(10);
    }
  });
});

describe.each(plans.map((plan) => [plan.channel, plan] as const))('%s', (_name, plan) => {
  let conformance: Conformance | undefined;
  const run = async (one: Case, over: Record<string, unknown> = {}): Promise<void> => {
    if (conformance === undefined) throw new Error('the suite did not start');
    await one.run(await conformance.scene(over));
  };

  beforeAll(async () => {
    conformance = await startConformance(plan);
    tellNotApplicable();
  }, 180_000);
  afterAll(() => conformance?.stop(), 60_000);

  for (const one of CASES) if (plan.notApplicable[one.name] === undefined) it(one.name, () => run(one));
  for (const one of plan.own ?? []) it(one.name, () => run(one));
  for (const { name, config, settings } of plan.modes)
    it(name, () =>
      run(
        {
          name,
          run: async (scene) => {
            await scene.channel.set(settings);
            await plan.inMode?.(scene, name);
          },
        },
        config,
      ),
    );

  /** For docs/connectors.md: what does not apply, and why. */
  function tellNotApplicable(): void {
    const file = process.env['HUILIU_CONFORMANCE_NOTES'];
    if (file !== undefined)
      appendFileSync(file, `${JSON.stringify({ channel: plan.channel, notApplicable: plan.notApplicable })}\n`);
  }
});
