import type { FileBoxInterface } from 'file-box';
import { setTimeout as wait } from 'node:timers/promises';
import type { mock, Payload } from 'wechaty-puppet-mock';

/** By wechaty's numbers. */
export const KINDS = {
  unheardOf: 99,
  file: 1,
  voice: 2,
  contact: 3,
  sticker: 5,
  image: 6,
  text: 7,
  location: 8,
  miniprogram: 9,
  note: 10,
  transfer: 11,
  recalled: 13,
  link: 14,
  video: 15,
} as const;
export const SCAN = { waiting: 2, scanned: 3, confirmed: 4 } as const;

/** By a name that the compiler does not follow: the types of this package change those of node. */
const SERVICE: string = 'wechaty-puppet-service';

interface ServiceModule {
  readonly PuppetServer: new (options: { endpoint: string; puppet: object; token: string }) => {
    start(): Promise<void>;
    stop(): Promise<void>;
  };
  readonly log: { level(level: 'silent'): unknown };
}

const AGAIN_MS = 500;
const BIND_TRIES = 20;

/** What the account's side says through the puppet. */
export interface Outgoing {
  /** Answers the message's id; throws what the puppet would. */
  sends(conversation: string, what: { readonly text: string } | { readonly file: FileBoxInterface }): Promise<string>;
  recalls(id: string): boolean;
  /** Of a message that was said: what the puppet tells of it besides its text. */
  detail(id: string): Readonly<Record<string, unknown>>;
  /** Whose card a message is. */
  contactIn(id: string): string;
  /** The file of a message has gone. */
  gone(id: string): boolean;
}

/** A puppet at its service: real wechaty-puppet-service over gRPC and TLS, its phone played by wechaty-puppet-mock. */
export interface Hosted {
  readonly mocker: mock.Mocker;
  /** Somebody listens at the other end. */
  connected(): boolean;
  loggedIn(): boolean;
  logIn(): void;
  logOut(): Promise<void>;
  /** A message is on the phone, written there or come to it; nobody has been told. */
  put(payload: Payload, file?: { name: string; bytes: Buffer }): void;
  /** The puppet tells of a message. */
  tell(id: string): void;
  stop(): Promise<void>;
}

export async function hostPuppet(
  options: { readonly port: number; readonly token: string; readonly me: { id: string; name: string } },
  outgoing: Outgoing,
): Promise<Hosted> {
  process.env['WECHATY_LOG'] ??= 'silent';
  const { mock: mocking, PuppetMock } = await import('wechaty-puppet-mock');
  const { PuppetServer, log } = (await import(SERVICE)) as ServiceModule;
  const { FileBox } = await import('file-box');
  log.level('silent');
  let onPhone = false;
  let listening = false;

  const mocker = new mocking.Mocker();
  const me = mocker.createContact({ ...options.me, type: 1 });

  const puppet = new PuppetMock({ mocker });
  const start = puppet.onStart.bind(puppet);
  const fileOf = puppet.messageFile.bind(puppet);
  // What the mock puppet leaves out: ids, recalls, and what links and the like say.
  Object.assign(puppet, {
    onStart: async (): Promise<void> => {
      await start();
      listening = true;
      // The phone stays logged in when whoever listens goes and comes back.
      if (onPhone) setImmediate(() => mocker.login(me));
    },
    onStop: (): Promise<void> => Promise.resolve(void (listening = false)),
    messageSendText: (conversation: string, text: string) => outgoing.sends(conversation, { text }),
    messageSendFile: (conversation: string, file: FileBoxInterface) => outgoing.sends(conversation, { file }),
    messageRecall: (id: string) => Promise.resolve(outgoing.recalls(id)),
    messageFile: (id: string) => (outgoing.gone(id) ? Promise.reject(new Error('the file has expired')) : fileOf(id)),
    messageUrl: (id: string) => Promise.resolve(outgoing.detail(id)),
    messageLocation: (id: string) => Promise.resolve({ accuracy: 15, ...outgoing.detail(id) }),
    messageMiniProgram: (id: string) => Promise.resolve(outgoing.detail(id)),
    messageContact: (id: string) => Promise.resolve(outgoing.contactIn(id)),
  });
  puppet.on('error', () => undefined);
  const server = new PuppetServer({ endpoint: `127.0.0.1:${options.port}`, puppet, token: options.token });
  await bind(server);

  return {
    mocker,
    connected: () => listening && puppet.state.active() === true,
    loggedIn: () => puppet.isLoggedIn,
    logIn: () => {
      onPhone = true;
      if (!puppet.isLoggedIn) mocker.login(me);
    },
    logOut: async () => {
      onPhone = false;
      await puppet.logout('kicked out');
    },
    put: (payload, file) => {
      if (file !== undefined) {
        const box = FileBox.fromBase64(file.bytes.toString('base64'), file.name) as unknown as { toJSON(): object };
        mocker.cacheFileBoxPayload.set(payload.id, box.toJSON());
      }
      mocker.MessageMock.create(payload);
    },
    tell: (id) => void puppet.emit('message', { messageId: id }),
    stop: () => server.stop(),
  };
}

/** The account's former puppet may still be on its way out. */
async function bind(server: { start(): Promise<void>; stop(): Promise<void> }): Promise<void> {
  for (let n = 1; ; n++) {
    try {
      return await server.start();
    } catch (error) {
      await server.stop().catch(() => undefined);
      if (n >= BIND_TRIES) throw error;
      await wait(AGAIN_MS, undefined, { ref: false });
    }
  }
}
