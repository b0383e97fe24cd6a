/** The benchmark's harness; `npm run bench` starts it (deploy/scripts/bench.mjs). */
import { parseArgs } from 'node:util';
import { writeResult, type SceneResult } from './lib/result';
import { isRight } from './lib/recount';
import { round, say, type Scene } from './lib/scene';
import { conversations } from './scenes/conversations';
import { ingestDurable } from './scenes/ingest-durable';
import { ingestEmbedded } from './scenes/ingest-embedded';
import { edge } from './scenes/edge';
import { edgeWechat } from './scenes/edge-wechat';
import { latency } from './scenes/latency';
import { mailImport } from './scenes/mail-import';
import { push } from './scenes/push';
import { routing } from './scenes/routing';
import { soak } from './scenes/soak';
import { website } from './scenes/website';

const SCENES: Readonly<Record<string, Scene>> = {
  'ingest-durable': ingestDurable,
  'ingest-embedded': ingestEmbedded,
  push,
  edge,
  website,
  latency,
  routing,
  conversations,
  soak,
  'mail-import': mailImport,
  'edge-wechat': edgeWechat,
};

/** Those that take long: run by name only. */
const LONG = new Set(['conversations', 'soak']);
const USUAL = Object.keys(SCENES).filter((name) => !LONG.has(name));
const SECONDS = 30;
const SEED = 20261127;

const COLUMNS = [
  'scene',
  'ratio',
  'range',
  'floor',
  'system',
  'unit',
  'CPU µs',
  'lost',
  'doubled',
  'disordered',
  'p50 ms',
  'p99 ms',
];

function rowOf(result: SceneResult): string[] {
  const figure = (value: number | null, digits = 1): string => (value === null ? '–' : String(round(value, digits)));
  return [
    result.scene,
    figure(result.ratio, 2),
    result.ratioRange === null ? '–' : result.ratioRange.map((ratio) => figure(ratio, 2)).join('–'),
    figure(result.floor, 0),
    figure(result.system, 0),
    result.unit,
    figure(result.cpuMicrosPerMessage, 0),
    String(result.lost),
    String(result.doubled),
    String(result.disordered),
    figure(result.p50Ms),
    figure(result.p99Ms),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { scene: { type: 'string', multiple: true }, seconds: { type: 'string' }, seed: { type: 'string' } },
  });
  const names = values.scene ?? USUAL;
  const unknown = names.filter((name) => !(name in SCENES));
  if (unknown.length > 0)
    throw new Error(`no such scene: ${unknown.join(', ')}; there are ${Object.keys(SCENES).join(', ')}`);
  const seconds = Number(values.seconds ?? SECONDS);
  if (!(seconds > 0)) throw new Error('--seconds wants a number above 0');
  const rows = [COLUMNS];
  for (const name of names) {
    say(`scene ${name}`);
    try {
      const result = await SCENES[name]!({ seconds, seed: Number(values.seed ?? SEED) });
      rows.push(rowOf(result));
      say(`  ${writeResult(result)}`);
      if (!isRight(result)) process.exitCode = 1;
    } catch (error) {
      say(`scene ${name} could not run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${table(rows)}\n`);
}

void run()
  .catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  })
  // A client that will not close must not keep the run alive; what was started has been stopped.
  .finally(() => process.exit());
