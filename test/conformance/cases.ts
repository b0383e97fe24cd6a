import type { ChannelDefinition } from '@huiliu/contracts';
import { eventually, uniqueName } from '@huiliu/testing';
import type { Channel } from './customer';

/** What a case may use: a channel of its own, and its definition. */
export interface Scene {
  readonly channel: Channel;
  readonly definition: ChannelDefinition;
  readonly plan: ChannelPlan;
}

/** How one channel's platform is made to show each kind; what the suite cannot know by itself. One file per channel in `channels/`. */
export interface ChannelPlan {
  readonly channel: string;
  /** What a customer sends for each kind that comes in, and what a message of it must hold. */
  readonly inbound: readonly {
    readonly say?: object;
    readonly event?: object;
    readonly kind: string;
    readonly expects: object;
  }[];
  /** What an agent sends for each kind that goes out, and what the customer is shown. */
  readonly outbound: readonly {
    readonly content: object;
    readonly file?: { name: string; mime: string; bytes: Buffer };
    readonly shown: object;
  }[];
  /** A kind that cannot be sent. */
  readonly refused: { readonly file: { name: string; mime: string; bytes: Buffer }; readonly kind: string };
  /** Settings of the platform under which everything that was said must hold as well. */
  readonly modes: readonly {
    readonly name: string;
    readonly settings: Record<string, unknown>;
    readonly config?: Record<string, unknown>;
  }[];
  /** What must hold in each of them, given its name. */
  inMode(scene: Scene, mode: string): Promise<void>;
  /** The path of the call that sends. */
  readonly sendPath: string;
  /** How many answers one message allows; null: no limit. */
  readonly quota: number | null;
  /** Cases that do not apply, with the reason. */
  readonly notApplicable: Readonly<Record<string, string>>;
}

export interface Case {
  readonly name: string;
  run(scene: Scene): Promise<void>;
}

export const textsOf = (messages: readonly { content: { text: string } }[]): string[] =>
  messages.map((message) => message.content.text);

/** Pushes that must be refused leave nothing: what is true now is still true once a later message has arrived. */
async function leavesNothing(
  { channel }: Scene,
  spoil: (customer: string, text: string) => Promise<void>,
): Promise<void> {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  const spoilt = uniqueName('spoilt');
  await spoil(name, spoilt);
  const after = uniqueName('after');
  await channel.say({ customer: name, text: after });
  await eventually('the later one is there', async () => textsOf(await channel.messages(conversation)).includes(after));
  expect(textsOf(await channel.messages(conversation))).not.toContain(spoilt);
}

function refuses(tamper: string, last = 401): Case['run'] {
  return (scene) =>
    leavesNothing(scene, async (customer, text) => {
      const deliveries = await scene.channel.say({ customer, text, tamper });
      expect(deliveries.at(-1)?.status).toBe(last);
    });
}

/** Sends one answer and gives its last state. */
async function answered({ channel }: Scene, before: (customer: string) => Promise<void> = () => Promise.resolve()) {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  await before(name);
  const text = uniqueName('answer');
  const sent = await channel.send(conversation, { kind: 'text', text });
  expect(sent.status).toBe(201);
  const message = await channel.ended(conversation, sent.body.id);
  const times = async (): Promise<number> => (await channel.got(name)).filter((one) => one.text === text).length;
  return { message, name, conversation, text, times };
}

/** Every connector, the same cases. A case opens nothing of another's, so that they can run in any order. */
export const CASES: readonly Case[] = [
  {
    name: 'handshake',
    run: async ({ channel }) => {
      expect((await channel.sandbox<{ ok: boolean }>('POST', 'handshake')).body.ok).toBe(true);
    },
  },
  { name: 'forged signature', run: refuses('forged') },
  { name: 'no signature', run: refuses('unsigned') },
  { name: 'signature given twice', run: refuses('doubled') },
  { name: 'truncated body', run: refuses('truncated') },
  { name: 'stale timestamp', run: refuses('stale') },
  { name: 'signed with another account’s secret', run: refuses('other_secret') },
  {
    name: 're-serialised body under a known signature',
    run: async ({ channel }) => {
      const deliveries = await channel.say({
        customer: uniqueName('c'),
        text: uniqueName('x'),
        tamper: 're_serialised',
      });
      expect(deliveries.map(({ status }) => status)).toEqual([200, 401]);
    },
  },
  {
    name: 'another body under a known signature',
    run: async ({ channel }) => {
      const deliveries = await channel.say({ customer: uniqueName('c'), text: uniqueName('x'), tamper: 'other_body' });
      expect(deliveries.map(({ status }) => status)).toEqual([200, 401]);
    },
  },
  {
    name: 'duplicate push',
    run: async ({ channel }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const text = uniqueName('twice');
      await channel.fault('duplicate');
      expect((await channel.say({ customer: name, text })).map(({ status }) => status)).toEqual([200, 200]);
      const after = uniqueName('after');
      await channel.say({ customer: name, text: after });
      await eventually('the later one', async () => textsOf(await channel.messages(conversation)).includes(after));
      expect(textsOf(await channel.messages(conversation)).filter((one) => one === text)).toHaveLength(1);
    },
  },
  {
    name: 'reordered pushes',
    run: async ({ channel }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const [first, second] = [uniqueName('first'), uniqueName('second')];
      await channel.fault('reorder');
      await channel.say({ customer: name, text: first });
      await channel.say({ customer: name, text: second });
      const texts = await eventually('both', async () => {
        const all = textsOf(await channel.messages(conversation)).filter((one) => one === first || one === second);
        return all.length === 2 && all;
      });
      expect(texts).toEqual([second, first]);
    },
  },
  {
    name: 'order of a burst',
    run: async ({ channel }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const texts = Array.from({ length: 10 }, (_, n) => uniqueName(`n${n}`));
      for (const text of texts) await channel.say({ customer: name, text });
      await eventually('all', async () => textsOf(await channel.messages(conversation)).includes(texts[9] as string));
      expect(textsOf(await channel.messages(conversation)).slice(-10)).toEqual(texts);
    },
  },
  {
    name: 'every kind in',
    run: async ({ channel, definition, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const before = (await channel.messages(conversation)).length;
      for (const { say, event } of plan.inbound)
        expect(
          say === undefined
            ? await channel.happen({ customer: name, ...event })
            : await channel.say({ customer: name, ...say }),
        ).toMatchObject([{ status: 200 }]);
      const messages = await eventually(
        'all of them, with their files',
        async () => {
          const all = (await channel.messages(conversation)).slice(before);
          const files = all.filter(({ content }) => ['image', 'audio', 'video', 'file'].includes(content.kind));
          return (
            all.length === plan.inbound.length &&
            files.every(({ content }) => 'attachment' in content && content.attachment) &&
            all
          );
        },
        60_000,
      );
      expect(messages.map(({ content }) => content)).toMatchObject(
        plan.inbound.map(({ kind, expects }) => ({ kind, ...expects })),
      );
      expect(new Set(plan.inbound.map(({ kind }) => kind))).toEqual(new Set(definition.inbound));
    },
  },
  {
    name: 'every kind out',
    run: async ({ channel, plan }) => {
      for (const { content, file, shown } of plan.outbound) {
        const { name, conversation } = await channel.customer(uniqueName('c'));
        const attachment = file === undefined ? undefined : await channel.upload(file.name, file.mime, file.bytes);
        const sent = await channel.send(conversation, {
          ...content,
          ...(attachment === undefined ? {} : { attachment: { id: attachment.id } }),
        });
        expect([sent.status, sent.text]).toEqual([201, expect.anything()]);
        expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent', error: null });
        const got = (await channel.got(name)).at(-1);
        expect(got).toMatchObject(shown);
        if (file === undefined || got?.mediaUrl == null) continue;
        expect(Buffer.from(await (await fetch(got.mediaUrl)).arrayBuffer()).equals(file.bytes)).toBe(true);
      }
    },
  },
  {
    name: 'an undeclared kind is refused before it leaves',
    run: async ({ channel, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const { file, kind } = plan.refused;
      const attachment = await channel.upload(file.name, file.mime, file.bytes);
      const sent = await channel.send(conversation, { kind, attachment: { id: attachment.id } });
      if (sent.status === 201)
        expect(await channel.ended(conversation, sent.body.id)).toMatchObject({
          state: 'failed',
          error: { kind: 'unsupported' },
        });
      else expect(sent.status).toBeGreaterThanOrEqual(400);
      expect(await channel.got(name)).toEqual([]);
    },
  },
  {
    name: 'a long text is split and nothing of it lost',
    run: async ({ channel }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const text = Array.from({ length: 250 }, (_, n) => `第${n}句话。`).join('');
      const sent = await channel.send(conversation, { kind: 'text', text });
      expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent' });
      const got = await channel.got(name);
      expect(got.length).toBeGreaterThan(1);
      expect(got.map((one) => one.text).join('')).toBe(text);
    },
  },
  {
    name: 'the token ends in the middle of a burst',
    run: async (scene) => {
      const { channel } = scene;
      await channel.set({ forcePauseMs: 0 });
      await answered(scene);
      const results = await Promise.all(
        Array.from({ length: 4 }, (_, n) =>
          answered(scene, n === 1 ? () => channel.fault('token_revoked', { path: 'send' }) : undefined),
        ),
      );
      for (const { message, times } of results) {
        expect(message).toMatchObject({ state: 'sent', error: null });
        expect(await times()).toBe(1);
      }
    },
  },
  {
    name: 'rate limit',
    run: async (scene) => {
      const { message, times } = await answered(scene, () =>
        scene.channel.fault('rate_limited', { path: scene.plan.sendPath }),
      );
      expect([message.state, await times()]).toEqual(['sent', 1]);
    },
  },
  {
    name: 'server error',
    run: async (scene) => {
      const { message, times } = await answered(scene, () =>
        scene.channel.fault('error_5xx', { times: 2, path: scene.plan.sendPath }),
      );
      expect([message.state, await times()]).toEqual(['sent', 1]);
    },
  },
  {
    name: 'busy',
    run: async (scene) => {
      const { message, times } = await answered(scene, () =>
        scene.channel.fault('busy', { path: scene.plan.sendPath }),
      );
      expect([message.state, await times()]).toEqual(['sent', 1]);
    },
  },
  {
    name: 'time-out after accepting is unknown and never resent',
    run: async (scene) => {
      const { message, times, conversation } = await answered(scene, () => scene.channel.fault('timeout_after_accept'));
      expect(message).toMatchObject({ state: 'unknown', error: { kind: 'outcome_unknown' } });
      // Later answers go on, and bring no second one of it.
      const next = await scene.channel.send(conversation, { kind: 'text', text: uniqueName('next') });
      expect(await scene.channel.ended(conversation, next.body.id)).toMatchObject({ state: 'sent' });
      expect(await times()).toBe(1);
    },
  },
  {
    name: 'closed window',
    run: async (scene) => {
      const { channel } = scene;
      const { message, conversation, times } = await answered(scene, () => channel.fault('window_closed'));
      expect([message.state, message.error?.kind, await times()]).toEqual(['failed', 'window_closed', 0]);
      // The platform's word counts: nothing more may be sent.
      const next = await channel.send(conversation, { kind: 'text', text: 'x' });
      expect([next.status, next.body.error?.code]).toEqual([409, 'window_closed']);
    },
  },
  {
    name: 'the quota is the platform’s',
    run: async ({ channel, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const quota = plan.quota as number;
      for (let n = 0; n < quota; n++) {
        const sent = await channel.send(conversation, { kind: 'text', text: `n${n}` });
        expect(await channel.ended(conversation, sent.body.id)).toMatchObject({ state: 'sent' });
      }
      const over = await channel.send(conversation, { kind: 'text', text: 'over' });
      expect([over.status, over.body.error?.code]).toEqual([409, 'window_closed']);
      expect(textsOf((await channel.got(name)).map(({ text }) => ({ content: { text } })))).toHaveLength(quota);
      expect((await channel.admin.conversation(conversation.id)).replyWindow).toMatchObject({ remaining: 0 });
    },
  },
  {
    name: 'banned',
    run: async (scene) => {
      const { message, times } = await answered(scene, () =>
        scene.channel.fault('banned', { path: scene.plan.sendPath }),
      );
      expect([message.state, message.error?.kind, await times()]).toEqual(['failed', 'rejected', 0]);
    },
  },
  {
    name: 'an expired file leaves its message',
    run: async ({ channel, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const picture = plan.inbound.find(({ kind, say }) => kind === 'image' && say !== undefined);
      await channel.fault('media_expired');
      const later = uniqueName('later');
      expect(await channel.say({ customer: name, ...picture?.say })).toMatchObject([{ status: 200 }]);
      await channel.say({ customer: name, text: later });
      const messages = await eventually('both', async () => {
        const all = await channel.messages(conversation);
        return textsOf(all).includes(later) && all;
      });
      expect(messages.map(({ content }) => content.kind)).toEqual(['text', 'image', 'text']);
    },
  },
  {
    name: 'unknown event types',
    run: async ({ channel }) => {
      const { name } = await channel.customer(uniqueName('c'));
      expect(await channel.happen({ customer: name, event: 'something_brand_new', key: 'k' })).toMatchObject([
        { status: 200 },
      ]);
      expect(await channel.say({ customer: name, kind: 'raw', raw: { MsgType: 'hologram' } })).toMatchObject([
        { status: 200 },
      ]);
      expect(await channel.say({ customer: name, kind: 'raw', raw: {} })).toMatchObject([{ status: 200 }]);
    },
  },
  {
    name: 'malformed, oversized and deep bodies',
    run: async ({ channel }) => {
      const { webhookUrl } = channel.account;
      const post = async (body: string): Promise<number> =>
        (await fetch(webhookUrl as string, { method: 'POST', body, headers: { 'content-type': 'text/xml' } })).status;
      expect(await post('x'.repeat(2 * 1024 * 1024))).toBe(413);
      for (const body of [
        '',
        '<',
        '{',
        '<a>'.repeat(50_000),
        '['.repeat(50_000),
        '\u0000',
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      ])
        expect([400, 401]).toContain(await post(body));
      await channel.customer(uniqueName('c'));
    },
  },
  {
    name: 'stopped and started in the middle',
    run: async ({ channel }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      await channel.set({ schedule: { answerMs: 2000, pauseMs: 1000, tries: 10 } });
      const sent = await channel.send(conversation, { kind: 'text', text: 'before the end' });
      await channel.ended(conversation, sent.body.id);
      const said = uniqueName('said');
      await channel.say({ customer: name, text: said });
      // Ends the hard way, in the middle of whatever goes on.
      await channel.system.kill(channel.system.apps()[0] as string);
      await channel.system.restart();
      await channel.ready();
      const after = uniqueName('after');
      await channel.say({ customer: name, text: after });
      await eventually(
        'what came after',
        async () => textsOf(await channel.messages(conversation)).includes(after),
        30_000,
      );
      expect(textsOf(await channel.messages(conversation)).slice(1)).toEqual(['before the end', said, after]);
    },
  },
];
