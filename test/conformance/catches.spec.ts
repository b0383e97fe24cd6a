import { join } from 'node:path';
import { CASES, type ChannelPlan, type Scene } from './cases';
import { wechatOfficial } from './channels/wechat-official';
import { wecomKf } from './channels/wecom-kf';
import { startConformance } from './stage';

jest.setTimeout(180_000);

/** What is broken (see `broken.cjs`), in whose connector, and the cases that must notice. */
const NOTICED: readonly (readonly [broken: string, plan: ChannelPlan, cases: readonly string[]])[] = [
  ['skips the signature', wechatOfficial, ['forged signature', 'signed with another account’s secret']],
  ['takes a plain body in safe mode', wechatOfficial, ['every kind in']],
  ['resends on a time-out', wechatOfficial, ['time-out after accepting is unknown and never resent']],
  ['gives a message a new id each time', wechatOfficial, ['duplicate push']],
  ['loses an undeclared kind', wechatOfficial, ['every kind in']],
  ['keeps a dead token', wechatOfficial, ['the token ends in the middle of a burst']],
  ['takes a closed window for a passing trouble', wechatOfficial, ['closed window']],
  ['takes a callback of anybody', wecomKf, ['forged signature', 'signed with another account’s secret']],
  ['stops at an empty page', wecomKf, ['pages of two, with empty ones between']],
  ['moves the cursor past what it has not published', wecomKf, ['a callback that is lost loses nothing']],
  [
    'gives a repeated send a new id',
    wecomKf,
    ['time-out after accepting is repeated under the same id and arrives once'],
  ],
  ['forgets to say who serves', wecomKf, ['the session follows who serves the conversation']],
];

/** A case by its name: everybody's, the plan's own, or one of its modes. */
function caseOf(plan: ChannelPlan, name: string): (scene: Scene) => Promise<void> {
  const one = [...CASES, ...(plan.own ?? [])].find((candidate) => candidate.name === name);
  const mode = plan.modes.find((candidate) => candidate.name === name);
  if (one !== undefined) return (scene) => one.run(scene);
  if (mode === undefined) throw new Error(`there is no case ${name}`);
  return async (scene) => {
    await scene.channel.set(mode.settings);
    await plan.inMode?.(scene, name);
  };
}

describe('the suite notices a connector that', () => {
  it.each(NOTICED)('%s', async (broken, plan, names) => {
    const preload = join(__dirname, 'broken.cjs');
    const env = { NODE_OPTIONS: `--require ${preload}`, CONFORMANCE_BREAKS: broken };
    const conformance = await startConformance(plan, env);
    try {
      for (const name of names) {
        const run = caseOf(plan, name);
        const scene = await conformance.scene();
        await expect(run(scene)).rejects.toThrow();
      }
    } finally {
      await conformance.stop();
    }
  });
});
