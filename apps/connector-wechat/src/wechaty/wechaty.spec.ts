import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { mock, PuppetMock } from 'wechaty-puppet-mock';
import type { AccountContext, InboundEvent, SendPart } from '@huiliu/connector-kit';
import type { AccountLogin, AccountState } from '@huiliu/contracts';
import { eventually } from '@huiliu/testing';
import { definition, type WechatyConfig } from './definition';
import { encoders } from './outbound';
import { loadPuppet } from './puppet';
import { WechatyRuntime } from './runtime';

type Received = Extract<InboundEvent, { type: 'message.received' }>;
interface Status {
  readonly state: AccountState;
  readonly error: string | null;
  readonly login: AccountLogin | null;
}

/** One account on real wechaty with its mock puppet; what the kit would be given is kept here. */
class Stage {
  readonly events: InboundEvent[] = [];
  readonly statuses: Status[] = [];
  readonly sent = new Set<string>();
  refusals = 0;
  readonly runtime: WechatyRuntime;
  private readonly stopped = new AbortController();
  private readonly running: Promise<void>;

  private constructor(
    readonly mocker: mock.Mocker,
    readonly me: mock.ContactMock,
    config: Partial<WechatyConfig>,
  ) {
    const context = {
      account: { id: 'A', channel: 'wechaty', name: '老板', revision: 1, config: { groups: true, ...config } },
      publish: (events: readonly InboundEvent[]) => {
        if (this.refusals-- > 0) return Promise.reject(new Error('neither bus nor spool'));
        this.events.push(...events);
        return Promise.resolve();
      },
      sentByUs: (ids: readonly string[]) => Promise.resolve(new Set(ids.filter((id) => this.sent.has(id)))),
      report: (state: AccountState, error: string | null, _progress: null, login: AccountLogin | null) =>
        this.statuses.push({ state, error, login }),
      clock: { now: () => new Date() },
      logger: { error: () => undefined, warn: () => undefined },
      inbox: { download: () => Promise.resolve({ stream: Readable.from([Buffer.from('a file')]) }) },
    } as unknown as AccountContext<WechatyConfig, typeof definition>;
    this.runtime = new WechatyRuntime(context, () => loadPuppet('wechaty-puppet-mock', { mocker }));
    this.running = this.runtime.run(this.stopped.signal);
    this.running.catch(() => undefined);
  }

  static async open(config: Partial<WechatyConfig> = {}): Promise<Stage> {
    const { mock: mocking } = await import('wechaty-puppet-mock');
    const mocker = new mocking.Mocker();
    const me = mocker.createContact({ id: 'wxid_me', name: '老板', type: 1 });
    return new Stage(mocker, me, config);
  }

  static async loggedIn(config: Partial<WechatyConfig> = {}): Promise<Stage> {
    const stage = await Stage.open(config);
    await stage.login();
    return stage;
  }

  async login(): Promise<void> {
    await eventually('started', () => this.puppet.state.active() === true);
    this.mocker.login(this.me);
    await eventually('logged in', () => this.status.login?.stage === 'logged_in');
  }

  get puppet(): PuppetMock {
    return this.mocker.puppet;
  }

  get status(): Status {
    return this.statuses.at(-1) as Status;
  }

  get messages(): Received['data'][] {
    return this.events.flatMap((event) => (event.type === 'message.received' ? [event.data] : []));
  }

  text(to: string, text: string) {
    const part = { remoteConversationId: to, content: { kind: 'text', text } } as SendPart<'text'>;
    return this.runtime.send(encoders.text(part, undefined as never), { conversationId: 'C' });
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running.catch(() => undefined);
    await this.runtime.stop();
  }
}

const stages: Stage[] = [];
const open = async (how: Promise<Stage>): Promise<Stage> => {
  const stage = await how;
  stages.push(stage);
  return stage;
};
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.stop();
});

describe('the login', () => {
  it('is shown from the code to the name, and its end raises an alarm that only a new login ends', async () => {
    const stage = await open(Stage.open());
    await eventually('started', () => stage.puppet.state.active() === true);
    expect(stage.status).toMatchObject({ state: 'starting' });
    stage.mocker.scan('https://weixin.example/x/1', 2);
    expect(stage.status).toMatchObject({
      state: 'degraded',
      login: { stage: 'waiting', qr: 'https://weixin.example/x/1' },
    });
    stage.mocker.scan('https://weixin.example/x/1', 3);
    expect(stage.status).toMatchObject({ login: { stage: 'scanned', qr: null } });
    stage.mocker.scan('https://weixin.example/x/1', 4);
    expect(stage.status).toMatchObject({ login: { stage: 'confirmed' } });
    await stage.login();
    expect(stage.status).toEqual({ state: 'ok', error: null, login: { stage: 'logged_in', qr: null, name: '老板' } });

    await stage.puppet.logout('kicked');
    await eventually('the alarm', () => stage.status.state === 'error');
    expect(stage.status).toMatchObject({ error: expect.stringContaining('重新扫码'), login: { stage: 'logged_out' } });
    stage.mocker.scan('https://weixin.example/x/2', 2);
    expect(stage.status).toMatchObject({
      state: 'error',
      login: { stage: 'waiting', qr: 'https://weixin.example/x/2' },
    });
    await stage.login();
    expect(stage.status).toMatchObject({ state: 'ok', error: null });
  });

  it('that is missing holds what is sent', async () => {
    const stage = await open(Stage.open());
    await eventually('started', () => stage.puppet.state.active() === true);
    await eventually('held', async () => {
      const why = await stage.text('wxid_a', 'x').catch((error: unknown) => error);
      return (why as { code?: string }).code === 'not_logged_in' && (why as { kind?: string }).kind === 'transient';
    });
  });
});

describe('what comes in', () => {
  it('from a person is their conversation, in order', async () => {
    const stage = await open(Stage.loggedIn());
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'Anna', alias: '安娜（老客户）', type: 1 });
    for (const text of ['你好 😀', '在吗', '?']) anna.say(text).to(stage.me);
    await eventually('three', () => stage.messages.length === 3);
    expect(stage.messages.map(({ content }) => content.text)).toEqual(['你好 😀', '在吗', '?']);
    expect(stage.messages[0]).toMatchObject({
      remoteConversationId: 'wxid_anna',
      contact: { remoteId: 'wxid_anna', name: '安娜（老客户）', verified: true },
      direction: 'inbound',
    });
  });

  it('from a group is one conversation in which everyone has a name', async () => {
    const stage = await open(Stage.loggedIn());
    const [anna, ben] = ['anna', 'ben'].map((name) =>
      stage.mocker.createContact({ id: `wxid_${name}`, name, alias: '', type: 1 }),
    );
    const room = stage.mocker.createRoom({
      id: '7@chatroom',
      topic: '团购群',
      memberIdList: ['wxid_anna', 'wxid_ben', 'wxid_me'],
    });
    anna?.say('谁要？').to(room);
    ben?.say('我要').to(room);
    await eventually('both', () => stage.messages.length === 2);
    expect(stage.messages).toMatchObject([
      { remoteConversationId: '7@chatroom', contact: { remoteId: '7@chatroom', name: '团购群' }, authorName: 'anna' },
      { remoteConversationId: '7@chatroom', contact: { remoteId: '7@chatroom', name: '团购群' }, authorName: 'ben' },
    ]);
  });

  it('from a group is left where groups are not wanted, and from an official account always', async () => {
    const stage = await open(Stage.loggedIn({ groups: false }));
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    const news = stage.mocker.createContact({ id: 'gh_news', name: 'news', type: 2 });
    const room = stage.mocker.createRoom({ id: '7@chatroom', topic: 't', memberIdList: ['wxid_anna', 'wxid_me'] });
    anna.say('in the group').to(room);
    news.say('read this').to(stage.me);
    anna.say('to you').to(stage.me);
    await eventually('the last one', () => stage.messages.length > 0);
    expect(stage.messages.map(({ content }) => content.text)).toEqual(['to you']);
  });

  it('is held while nothing takes it, and comes once', async () => {
    const stage = await open(Stage.loggedIn());
    stage.refusals = 2;
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    anna.say('one').to(stage.me);
    anna.say('two').to(stage.me);
    await eventually('both', () => stage.messages.length >= 2);
    expect(stage.messages.map(({ content }) => content.text)).toEqual(['one', 'two']);
  });

  it('as a file is fetched at the puppet', async () => {
    const { FileBox } = await import('file-box');
    const stage = await open(Stage.loggedIn());
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    const file = FileBox.fromBase64(Buffer.from('contract').toString('base64'), '合同.pdf');
    anna.say(file as never).to(stage.me);
    const event = await eventually('it', () => stage.events.find(({ type }) => type === 'message.received'));
    const { data, media } = event as Received;
    expect(data.content).toEqual({ kind: 'file', text: '' });
    const fetched = await stage.runtime.fetchMedia(media ?? '');
    expect([fetched.name, (await buffer(fetched.stream)).toString()]).toEqual(['合同.pdf', 'contract']);
    await expect(stage.runtime.fetchMedia(JSON.stringify({ messageId: 'nope', name: 'x' }))).rejects.toMatchObject({
      kind: 'rejected',
    });
  });
});

describe('what we say', () => {
  it('has the id under which it comes back, and does not come in', async () => {
    const stage = await open(Stage.loggedIn());
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    const got: string[] = [];
    anna.on('message', (message) => void (message.talker().id === 'wxid_me' && got.push(message.id)));
    const { remoteId } = await stage.text('wxid_anna', '在的');
    expect([remoteId]).toEqual(got);
    anna.say('好').to(stage.me);
    await eventually('the answer', () => stage.messages.length > 0);
    expect(stage.messages.map(({ content }) => content.text)).toEqual(['好']);
  });

  it('on the phone comes in as written by one of us, also the words that were just sent from here', async () => {
    const stage = await open(Stage.loggedIn());
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    await stage.text('wxid_anna', '在的');
    stage.me.say('在的').to(anna);
    stage.me.say('我打给你').to(anna);
    await eventually('both', () => stage.messages.length === 2);
    expect(stage.messages).toMatchObject([
      { direction: 'outbound', remoteConversationId: 'wxid_anna', authorName: '老板', content: { text: '在的' } },
      { direction: 'outbound', remoteConversationId: 'wxid_anna', content: { text: '我打给你' } },
    ]);
  });

  it('and what the kit has sent under an id does not come in either', async () => {
    const stage = await open(Stage.loggedIn());
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    anna.on('message', (message) => void (message.text() === 'from another process' && stage.sent.add(message.id)));
    stage.me.say('from another process').to(anna);
    anna.say('ok').to(stage.me);
    await eventually('the answer', () => stage.messages.length > 0);
    expect(stage.messages.map(({ content }) => content.text)).toEqual(['ok']);
  });

  it('as a file arrives as one', async () => {
    const stage = await open(Stage.loggedIn());
    const anna = stage.mocker.createContact({ id: 'wxid_anna', name: 'anna', type: 1 });
    const got: Promise<Buffer>[] = [];
    anna.on('message', (message) => void got.push(message.toFileBox().then((box) => box.toBuffer())));
    const attachment = { id: 'F', name: 'a.pdf', mime: 'application/pdf', size: 6, url: '' };
    const part = { remoteConversationId: 'wxid_anna', content: { kind: 'file', text: '', attachment } };
    await stage.runtime.send(encoders.file(part as SendPart<'file'>, undefined as never), { conversationId: 'C' });
    expect((await Promise.all(got)).map(String)).toEqual(['a file']);
  });
});

describe('a puppet', () => {
  it('that is not installed is named, with what to run', async () => {
    await expect(loadPuppet('wechaty-puppet-of-nobody', {})).rejects.toMatchObject({
      code: 'not_installed',
      message: expect.stringMatching(
        /没有安装 .*npm install --no-save wechaty-puppet-of-nobody.* is not installed: run/,
      ),
    });
  });
});
