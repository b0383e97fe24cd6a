import { eventually, uniqueName } from '@huiliu/testing';
import type { Message } from '@huiliu/contracts';
import type { Channel } from './customer';
import type { Case, Scene } from './plan';

export type { Case, ChannelPlan, Scene } from './plan';

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

function refuses(tamper: string): Case['run'] {
  return (scene) =>
    leavesNothing(scene, async (customer, text) => {
      const deliveries = await scene.channel.say({ customer, text, tamper });
      expect(deliveries.at(-1)).toMatchObject({ taken: false, status: scene.plan.refusals?.[tamper] ?? 401 });
    });
}

/** The first is taken, the second, under the same signature, is not. */
function takesFirstOnly(tamper: string): Case['run'] {
  return async ({ channel, plan }) => {
    const deliveries = await channel.say({ customer: uniqueName('c'), text: uniqueName('x'), tamper });
    expect(deliveries.map(({ taken }) => taken)).toEqual([true, false]);
    expect(deliveries.at(-1)?.status).toBe(plan.refusals?.[tamper] ?? 401);
  };
}

/** Sends one answer and gives its last state. */
export async function answered(
  { channel }: Scene,
  before: (customer: string) => Promise<void> = () => Promise.resolve(),
) {
  const { name, conversation } = await channel.customer(uniqueName('c'));
  await before(name);
  const text = uniqueName('answer');
  const sent = await channel.send(conversation, { kind: 'text', text });
  expect(sent.status).toBe(201);
  const message = await channel.ended(conversation, sent.body.id);
  const times = async (): Promise<number> => (await channel.got(name)).filter((one) => one.text === text).length;
  return { message, name, conversation, text, times };
}

/** What people can write, one of each; a kind without a text takes a file. */
const WRITABLE: Readonly<Record<string, object>> = {
  image: {},
  audio: {},
  video: {},
  file: {},
  location: { text: '', latitude: 31.2, longitude: 121.4, name: '门店' },
  link: { text: '', title: 'T', url: 'https://a.example/' },
};
const SMALL = { name: 'a.zip', mime: 'application/zip', bytes: Buffer.from('PK\u0003\u0004') };
const UPLOAD_LIMIT = 20 * 1024 * 1024;

/** An answer that never leaves: the request says so, or the message does. */
async function isRefused(
  channel: Channel,
  conversation: Parameters<Channel['send']>[0],
  content: Record<string, unknown>,
  file: { name: string; mime: string; bytes: Buffer } | undefined,
): Promise<void> {
  const attachment = file === undefined ? undefined : await channel.upload(file.name, file.mime, file.bytes);
  const sent = await channel.send(conversation, {
    ...content,
    ...(attachment === undefined ? {} : { attachment: { id: attachment.id } }),
  });
  if (sent.status === 201)
    expect(await channel.ended(conversation, sent.body.id)).toMatchObject({
      state: 'failed',
      error: { kind: 'unsupported' },
    });
  else expect(sent.status).toBeGreaterThanOrEqual(400);
}

const sendingOf = ({ plan }: Scene): { path?: string } => (plan.sendPath === undefined ? {} : { path: plan.sendPath });

/** Ends the hard way, in the middle of whatever goes on, and is started again. */
async function killed({ channel }: Scene): Promise<void> {
  await channel.system.kill(channel.system.apps()[0] as string);
  await channel.system.restart();
  await channel.ready();
}

/** Pushes are repeated until the process is back. */
const PATIENT = { schedule: { answerMs: 2000, pauseMs: 1000, tries: 10 } };

/** Every connector, the same cases. A case opens nothing of another's, so that they can run in any order. */
export const CASES: readonly Case[] = [
  {
    name: 'handshake',
    run: async ({ channel }) => {
      expect(await channel.side.handshake()).toBe(true);
    },
  },
  { name: 'forged signature', run: refuses('forged') },
  { name: 'no signature', run: refuses('unsigned') },
  { name: 'signature given twice', run: refuses('doubled') },
  { name: 'truncated body', run: refuses('truncated') },
  { name: 'stale timestamp', run: refuses('stale') },
  { name: 'signed with another account’s secret', run: refuses('other_secret') },
  { name: 're-serialised body under a known signature', run: takesFirstOnly('re_serialised') },
  { name: 'another body under a known signature', run: takesFirstOnly('other_body') },
  {
    name: 'duplicate push',
    run: async ({ channel }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const text = uniqueName('twice');
      await channel.fault('duplicate');
      expect((await channel.say({ customer: name, text })).map(({ taken }) => taken)).toEqual([true, true]);
      const after = uniqueName('after');
      await channel.say({ customer: name, text: after });
      await eventually('the later one', async () => textsOf(await channel.messages(conversation)).includes(after));
      expect(textsOf(await channel.messages(conversation)).filter((one) => one === text)).toHaveLength(1);
    },
  },
  {
    name: 'reordered pushes',
    run: async ({ channel, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const [first, second] = [uniqueName('first'), uniqueName('second')];
      await channel.fault('reorder');
      await channel.say({ customer: name, text: first });
      await channel.say({ customer: name, text: second });
      const texts = await eventually('both', async () => {
        const all = textsOf(await channel.messages(conversation)).filter((one) => one === first || one === second);
        return all.length === 2 && all;
      });
      expect(texts).toEqual(plan.pulls === true ? [first, second] : [second, first]);
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
        ).toMatchObject([{ taken: true }]);
      // A file may come later than its message.
      const wanted = plan.inbound.map(({ kind, expects }) => ({ kind, ...expects }));
      await eventually(
        'all of them, with their files',
        async () => {
          const all = (await channel.messages(conversation)).slice(before).map(({ content }) => content);
          expect(all).toMatchObject(wanted);
          for (const content of all)
            if (['image', 'audio', 'video', 'file'].includes(content.kind))
              expect(content).toHaveProperty('attachment', expect.anything());
          return true;
        },
        60_000,
      );
      const said = plan.inbound.map(({ kind }) => kind);
      expect(new Set([...said, ...(plan.neverSaid ?? [])])).toEqual(new Set(definition.inbound));
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
    run: async ({ channel, definition, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const refused = Object.entries(WRITABLE).filter(([kind]) =>
        ['reject', 'drop', undefined].includes(definition.outbound[kind as keyof typeof definition.outbound]?.support),
      );
      for (const [kind, content] of refused) {
        const file = 'text' in content ? undefined : (plan.refused?.file ?? SMALL);
        await isRefused(channel, conversation, { kind, ...content }, file);
      }
      if (plan.refused !== undefined)
        await isRefused(channel, conversation, { kind: plan.refused.kind }, plan.refused.file);
      expect(refused.length + (plan.refused === undefined ? 0 : 1)).toBeGreaterThan(0);
      expect(await channel.got(name)).toEqual([]);
    },
  },
  {
    name: 'a file over the declared size, or of another type, is refused before it leaves',
    run: async ({ channel, definition, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const limited = plan.outbound.flatMap(({ content, file }) => {
        const { kind } = content as { kind: keyof typeof definition.outbound };
        const can = definition.outbound[kind];
        const limits = can?.maxBytes !== undefined || can?.mime !== undefined;
        return file !== undefined && can !== undefined && limits ? [{ kind, file, can }] : [];
      });
      for (const { kind, file, can } of limited) {
        if (can.maxBytes !== undefined && can.maxBytes < UPLOAD_LIMIT) {
          const bytes = Buffer.concat([file.bytes, Buffer.alloc(can.maxBytes)]);
          await isRefused(channel, conversation, { kind }, { ...file, bytes });
        }
        if (can.mime !== undefined && !can.mime.includes(SMALL.mime))
          await isRefused(channel, conversation, { kind }, SMALL);
      }
      expect(limited.length).toBeGreaterThan(0);
      expect(await channel.got(name)).toEqual([]);
    },
  },
  {
    name: 'a long text is split and nothing of it lost',
    run: async ({ channel, plan }) => {
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const text = plan.longText ?? Array.from({ length: 250 }, (_, n) => `第${n}句话。`).join('');
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
        scene.channel.fault('rate_limited', { ...sendingOf(scene) }),
      );
      expect([message.state, await times()]).toEqual(['sent', 1]);
    },
  },
  {
    name: 'server error',
    run: async (scene) => {
      const { message, times } = await answered(scene, () =>
        scene.channel.fault('error_5xx', { times: 2, ...sendingOf(scene) }),
      );
      expect([message.state, await times()]).toEqual(['sent', 1]);
    },
  },
  {
    name: 'busy',
    run: async (scene) => {
      const { message, times } = await answered(scene, () => scene.channel.fault('busy', { ...sendingOf(scene) }));
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
      const { message, times } = await answered(scene, () => scene.channel.fault('banned', { ...sendingOf(scene) }));
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
      expect(await channel.say({ customer: name, ...picture?.say })).toMatchObject([{ taken: true }]);
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
        { taken: true },
      ]);
      expect(await channel.say({ customer: name, kind: 'raw', raw: { MsgType: 'hologram' } })).toMatchObject([
        { taken: true },
      ]);
      expect(await channel.say({ customer: name, kind: 'raw', raw: {} })).toMatchObject([{ taken: true }]);
    },
  },
  {
    name: 'malformed, oversized and deep bodies',
    run: async (scene) => {
      const { channel, plan } = scene;
      if (plan.malformed !== undefined) return plan.malformed(scene);
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
    name: 'recall',
    run: async (scene) => {
      if (scene.plan.recalls === undefined) throw new Error('the plan neither recalls nor says why not');
      await scene.plan.recalls(scene);
    },
  },
  {
    name: 'receipts',
    run: async (scene) => {
      if (scene.plan.receipts === undefined) throw new Error('the plan neither tells of receipts nor says why not');
      await scene.plan.receipts(scene);
    },
  },
  {
    name: 'stopped and started in the middle',
    run: async (scene) => {
      const { channel } = scene;
      const { name, conversation } = await channel.customer(uniqueName('c'));
      await channel.set(PATIENT);
      const sent = await channel.send(conversation, { kind: 'text', text: 'before the end' });
      await channel.ended(conversation, sent.body.id);
      const said = uniqueName('said');
      await channel.say({ customer: name, text: said });
      await killed(scene);
      const after = uniqueName('after');
      await channel.say({ customer: name, text: after });
      expect(textsOf(await channel.holds(conversation, after)).slice(1)).toEqual(['before the end', said, after]);
    },
  },
  {
    name: 'stopped and started among answers: none goes out twice',
    run: async (scene) => {
      const { channel } = scene;
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const sent: { id: string; text: string }[] = [];
      for (let n = 0; n < 3; n++) {
        const text = uniqueName(`a${n}`);
        const answer = await channel.send(conversation, { kind: 'text', text });
        expect(answer.status).toBe(201);
        sent.push({ id: answer.body.id, text });
      }
      const got = async (): Promise<string[]> => (await channel.got(name)).map(({ text }) => text);
      await killed(scene);
      const ended: Message[] = [];
      for (const { id } of sent) ended.push(await channel.ended(conversation, id));
      // What the sandbox was given before the end is forgotten with it, where it is the same process.
      for (const [n, { text }] of sent.entries()) {
        expect(['sent', 'delivered', 'read', 'unknown', 'failed']).toContain(ended[n]?.state);
        expect((await got()).filter((one) => one === text).length).toBeLessThanOrEqual(1);
      }
    },
  },
  {
    name: 'stopped and started while files are fetched: their messages are there',
    run: async (scene) => {
      const { channel, plan } = scene;
      const { name, conversation } = await channel.customer(uniqueName('c'));
      const picture = plan.inbound.find(({ kind, say }) => kind === 'image' && say !== undefined);
      expect(picture).toBeDefined();
      for (let n = 0; n < 3; n++)
        expect(await channel.say({ customer: name, ...picture?.say })).toMatchObject([{ taken: true }]);
      await killed(scene);
      await eventually(
        'the pictures are there, with a file or without one that is gone',
        async () =>
          (await channel.messages(conversation)).filter(({ content }) => content.kind === 'image').length === 3,
        30_000,
      );
    },
  },
];
