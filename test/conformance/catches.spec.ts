import { join } from 'node:path';
import { CASES } from './cases';
import { wechatOfficial } from './channels/wechat-official';
import { startConformance } from './stage';

jest.setTimeout(180_000);

/** What is broken (see `broken.cjs`), and the cases that must notice. */
const NOTICED: readonly (readonly [broken: string, cases: readonly string[]])[] = [
  ['skips the signature', ['forged signature', 'signed with another account’s secret']],
  ['takes a plain body in safe mode', ['every kind in']],
  ['resends on a time-out', ['time-out after accepting is unknown and never resent']],
  ['gives a message a new id each time', ['duplicate push']],
  ['loses an undeclared kind', ['every kind in']],
  ['keeps a dead token', ['the token ends in the middle of a burst']],
  ['takes a closed window for a passing trouble', ['closed window']],
];

describe('the suite notices a connector that', () => {
  it.each(NOTICED)('%s', async (broken, names) => {
    const preload = join(__dirname, 'broken.cjs');
    const env = { NODE_OPTIONS: `--require ${preload}`, CONFORMANCE_BREAKS: broken };
    const conformance = await startConformance(wechatOfficial, env);
    try {
      for (const name of names) {
        const one = CASES.find((candidate) => candidate.name === name);
        if (one === undefined) throw new Error(`there is no case ${name}`);
        const scene = await conformance.scene();
        await expect(one.run(scene)).rejects.toThrow();
      }
    } finally {
      await conformance.stop();
    }
  });
});
