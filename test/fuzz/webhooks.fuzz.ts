import fc from 'fast-check';
import type { ChannelInboundEvent } from '@huiliu/contracts';
import type { Platform, Push } from '../../apps/sandbox/src/platforms/platform';
import type { Played } from '../../apps/sandbox/src/platforms/played-accounts';
import { PLATFORMS } from '../../apps/sandbox/src/platforms/platforms';
import { type ConnectorFolder, connectorFolders } from '../lib/connector-folders';
import { FuzzApp } from './lib/fuzz-app';
import { fields, insides, type Mutation, mutations, said } from './lib/mutations';
import type { WireAnswer, WirePush } from './lib/push-line';
import { fuzzSettings, heldMemory } from './lib/settings';

/** An hour: the long run is asked for by hand. */
jest.setTimeout(3_600_000);

/** One round: a true push, changes to it on the wire, and pushes that a strange platform would sign. */
const WIRE = 11;
const INSIDE = 6;
const FORGED = 2;
const ROUND = 1 + WIRE + INSIDE + FORGED;
const round = fc.record({
  base: said,
  wire: fc.array(fc.record({ mutation: mutations, known: fc.boolean(), handshake: fc.boolean() }), {
    minLength: WIRE,
    maxLength: WIRE,
  }),
  inside: fc.array(fc.record({ fields, inside: insides, event: fc.boolean(), whole: fc.boolean() }), {
    minLength: INSIDE,
    maxLength: INSIDE,
  }),
});
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

/** What may be held after all of it, beside what was held after a third: memories that are bounded, and never a share of each push. */
const MOST_GROWTH_MB = 24;

const connectors = connectorFolders().flatMap((connector) => {
  const platform = PLATFORMS.find(({ channel }) => channel === connector.definition.channel);
  return connector.definition.ingress === 'webhook' && platform !== undefined ? [{ connector, platform }] : [];
});
const wanted = process.env.FUZZ_ONLY ?? '';
const chosen = connectors.filter(({ platform: { channel } }) => wanted === '' || channel === wanted);

describe.each(chosen.map(({ connector, platform }) => [platform.channel, connector, platform] as const))(
  'hostile pushes to %s',
  (name, connector, platform) => {
    it('crash nothing, are told what is wrong with them, prove nothing that was not signed, and leave nothing in memory', async () => {
      const { count, seed } = fuzzSettings(name);
      const fuzz = await Fuzz.start(connector, platform);
      try {
        const third = Math.ceil(count / ROUND / 3);
        const property = fc.asyncProperty(round, (one) => fuzz.play(one));
        await fc.assert(property, options(seed, third));
        const before = heldMemory();
        await fc.assert(property, options(seed + 1, 2 * third));
        const grown = heldMemory() - before;
        process.stderr.write(
          `  fuzz ${name}: ${fuzz.summary()}, ${grown.toFixed(1)} MB more after two thirds of them\n`,
        );
        expect(fuzz.wrong).toEqual([]);
        // Else nothing was tried of what stands behind the signature.
        expect(fuzz.taken).toBeGreaterThan(count / 20);
        expect(grown).toBeLessThan(MOST_GROWTH_MB);
      } finally {
        await fuzz.stop();
      }
    });
  },
);

/** What was wrong is in the error's words: a round, printed whole, would bury it. */
const options = (seed: number, numRuns: number): fc.Parameters<[Round]> => ({
  seed,
  numRuns,
  endOnFailure: true,
  asyncReporter: async ({ failed, numRuns: at, errorInstance }) => {
    if (failed) throw new Error(`round ${at} of seed ${seed}: ${String(errorInstance)}`);
  },
});

/** Plays rounds against one account, and keeps what was wrong. */
class Fuzz {
  readonly wrong: string[] = [];
  taken = 0;
  private pushes = 0;
  private rounds = 0;
  private slowestMs = 0;
  private app!: FuzzApp;
  private account!: Played;
  private other!: Played;
  private readonly onRejection = (error: unknown): void => void this.wrong.push(`unhandled: ${String(error)}`);

  private constructor(private readonly platform: Platform) {
    process.on('unhandledRejection', this.onRejection);
  }

  static async start(connector: ConnectorFolder, platform: Platform): Promise<Fuzz> {
    const fuzz = new Fuzz(platform);
    fuzz.app = await FuzzApp.start(connector, (event) => fuzz.saw(event));
    fuzz.account = await fuzz.app.account(connector, platform);
    fuzz.other = await fuzz.app.account(connector, platform);
    return fuzz;
  }

  async stop(): Promise<void> {
    process.off('unhandledRejection', this.onRejection);
    await this.app.stop();
  }

  summary(): string {
    return `${this.pushes} pushes, ${this.taken} taken, the slowest answered after ${Math.round(this.slowestMs)} ms`;
  }

  async play({ base, wire, inside }: Round): Promise<void> {
    const before = this.wrong.length;
    const n = ++this.rounds;
    const customer = `c${n % 50}`;
    const known = wireOf(this.say({ ...base, customer, raw: {} }));
    const answer = await this.send(known);
    if (answer.status !== 200)
      this.wrong.push(`a true push was refused with ${answer.status}: ${known.body.toString()}`);
    const [asked, unknown] = [await this.handshake(), wireOf(this.say({ kind: 'text', customer, text: `true-${n}` }))];
    await Promise.all([
      ...wire.map((one) => this.changed(one.handshake ? asked : one.known ? known : unknown, one)),
      ...inside.map((one) => this.strange(customer, one)),
      this.refused(wireOf(this.say({ kind: 'text', customer, text: `forged-${n}` }, 'not-the-secret'))),
      this.refused(wireOf(this.say({ kind: 'text', customer, text: `forged-${n}` }, undefined, this.other))),
    ]);
    if (this.wrong.length > before) throw new Error(this.wrong.slice(before).join('\n'));
  }

  /**
   * What was published: nothing of it may be a forger's, and a text that was signed arrives as it was signed or not at all. Where messages
   * are pulled, a push carries none: what the platform has is the platform's, however its call was spoilt on the way.
   */
  private saw(event: ChannelInboundEvent): void {
    if (this.platform.pulled === true) return;
    const text = event.type === 'message.received' ? event.data.content.text : '';
    if (text.includes('forged-') || (text.includes('true-') && !/^true-\d+$/.test(text)))
      this.wrong.push(`a forgery was taken: ${text}`);
  }

  /** A true push, or a true handshake, changed on its way: of one that is known, nothing that a signature covers may have changed. */
  private async changed(
    push: WirePush,
    one: { mutation: Mutation; known: boolean; handshake: boolean },
  ): Promise<void> {
    const other = one.mutation(push);
    const { status } = await this.send(other);
    if (status !== 200) return;
    const isKnown = one.known || one.handshake;
    if ((isKnown && push.method !== other.method) || stampOf(push) !== stampOf(other))
      this.wrong.push(`taken under another time, nonce or question: ${other.query}`);
    if (isKnown && other.method === 'POST' && !push.body.equals(other.body))
      this.wrong.push(`another body was taken: ${other.body.toString()}`);
  }

  /** Well signed, and whatever inside: taken or called malformed. */
  private async strange(
    customer: string,
    one: { fields: Record<string, unknown>; inside: readonly Mutation[]; event: boolean; whole: boolean },
  ): Promise<void> {
    const { account } = this.account;
    const raw = one.fields as Record<string, string | number>;
    let push = wireOf(this.say({ kind: 'raw', customer, raw }, undefined, this.account, one.event));
    if (one.whole && account.seal !== undefined) {
      const template = Buffer.from(
        `<xml>${Object.entries(raw)
          .map(([key, text]) => `<${key}><![CDATA[${text}]]></${key}>`)
          .join('')}</xml>`,
      );
      const start: WirePush = { method: 'POST', query: '', contentType: null, body: template };
      const said = one.inside.reduce((whole, change) => change(whole), start).body.toString('utf8');
      push = wireOf(account.seal(said, { nowMs: Date.now() }));
    }
    const { status, body } = await this.send(push);
    if (![200, 400, 401, 413].includes(status)) this.wrong.push(`${status} ${body}: ${JSON.stringify(raw)}`);
  }

  private async refused(push: WirePush): Promise<void> {
    const { status } = await this.send(push);
    if (status < 400) this.wrong.push(`a forged push was answered ${status}`);
  }

  private async handshake(): Promise<WirePush> {
    const { query, expected } = this.account.account.handshake({ nowMs: Date.now() });
    const push: WirePush = { method: 'GET', query, contentType: null, body: Buffer.alloc(0) };
    if ((await this.send(push)).body !== expected) this.wrong.push('a true handshake was not answered');
    return push;
  }

  /** What a platform would push; one that a platform knows no form for is said as a text. */
  private say(
    what: Readonly<Record<string, unknown>> & { readonly customer: string },
    secret?: string,
    { account } = this.account,
    happens = false,
  ): Push {
    const signing = { nowMs: Date.now(), ...(secret === undefined ? {} : { secret }) };
    try {
      const push = happens
        ? account.happen({ event: 'other', ...what }, signing)
        : account.say({ kind: 'text', ...what }, signing);
      if (push !== null) return push;
    } catch {
      // As below.
    }
    const text = account.say({ kind: 'text', customer: what.customer, text: 'x' }, signing);
    if (text === null) throw new Error('the platform pushes nothing of a text');
    return text;
  }

  private async send(push: WirePush): Promise<WireAnswer> {
    this.pushes += 1;
    const began = performance.now();
    const answer = await this.app.line.send(this.account.id, this.platform.channel, push);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
    if (answer.status === 200) this.taken += 1;
    if (answer.status === 0 || answer.status >= 500)
      this.wrong.push(`${answer.status} ${answer.body}: ${push.query} ${push.body.toString().slice(0, 500)}`);
    return answer;
  }
}

const wireOf = ({ query, contentType, body }: Push): WirePush => ({
  method: 'POST',
  query,
  contentType,
  body: Buffer.from(body),
});

/** The parameters beside the signature that every platform's signature covers. */
function stampOf({ query }: WirePush): string {
  const search = new URLSearchParams(query);
  return JSON.stringify(['timestamp', 'nonce', 'echostr'].map((name) => search.getAll(name)));
}
