import type { FileBoxInterface } from 'file-box';
import { ConnectorError } from '@huiliu/connector-kit';

/** Kinds of messages, by wechaty's numbers. */
export const MESSAGE = {
  unknown: 0,
  attachment: 1,
  audio: 2,
  contact: 3,
  chatHistory: 4,
  emoticon: 5,
  image: 6,
  text: 7,
  location: 8,
  miniProgram: 9,
  groupNote: 10,
  transfer: 11,
  redEnvelope: 12,
  recalled: 13,
  url: 14,
  video: 15,
  post: 16,
} as const;

/** How a code that is to be scanned stands, by wechaty's numbers. */
export const SCAN = { cancelled: 1, waiting: 2, scanned: 3, confirmed: 4, timedOut: 5 } as const;

export interface MessagePayload {
  readonly id: string;
  readonly type: number;
  readonly text?: string;
  readonly talkerId?: string;
  /** Absent or empty in a conversation between two. */
  readonly roomId?: string;
  readonly listenerId?: string;
  /** In seconds or in milliseconds, as the puppet likes. */
  readonly timestamp: number;
  readonly filename?: string;
}
export interface ContactPayload {
  readonly id: string;
  readonly name: string;
  /** What we call this person. */
  readonly alias?: string;
  /** 1 a person, 2 an official account, 3 a corporation. */
  readonly type?: number;
}

interface Events {
  scan: { qrcode?: string; status: number };
  login: { contactId: string };
  logout: { contactId: string; data?: string };
  message: { messageId: string };
  error: unknown;
  heartbeat: unknown;
  dong: unknown;
}

/** What of wechaty's puppet interface is used. */
export interface Puppet {
  readonly isLoggedIn: boolean;
  readonly currentUserId: string;
  on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): unknown;
  ding(data?: string): void;
  messagePayload(id: string): Promise<MessagePayload>;
  contactPayload(id: string): Promise<ContactPayload>;
  roomPayload(id: string): Promise<{ readonly topic?: string }>;
  roomMemberPayload(room: string, contact: string): Promise<{ readonly name?: string; readonly roomAlias?: string }>;
  messageFile(id: string): Promise<FileBoxInterface>;
  messageUrl(id: string): Promise<{ title?: string; url?: string; description?: string; thumbnailUrl?: string }>;
  messageLocation(id: string): Promise<{ latitude: number; longitude: number; name?: string; address?: string }>;
  messageMiniProgram(id: string): Promise<Readonly<Record<string, unknown>>>;
  messageContact(id: string): Promise<string>;
  messageSendText(conversation: string, text: string): Promise<string | void>;
  messageSendFile(conversation: string, file: FileBoxInterface): Promise<string | void>;
  messageRecall(id: string): Promise<boolean>;
}

/** The life of a puppet, as wechaty leads it. */
export interface Bot {
  start(): Promise<void>;
  stop(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** What was loaded for an account, in memory once for the process. */
export interface Loaded {
  readonly puppet: Puppet;
  readonly bot: Bot;
  fileOf(name: string, bytes: Buffer): FileBoxInterface;
}

/** Loads wechaty and a puppet of it, with nothing started. Throws `ConnectorError` `not_installed`, saying what to install. */
export async function loadPuppet(name: string, options: Readonly<Record<string, unknown>>): Promise<Loaded> {
  // Before the first line of it runs: it would log messages.
  process.env['WECHATY_LOG'] ??= 'silent';
  const wechaty = await installed('wechaty', () => import('wechaty'));
  const { FileBox } = await installed('file-box', () => import('file-box'));
  const module = await installed(name, () => import(name) as Promise<unknown>);
  wechaty.log.level('silent');
  const puppet = new (puppetClassOf(module, name))(options);
  withholdSecondSend(puppet);
  readPlaces(puppet);
  keepNothingOnDisk(puppet);
  return {
    puppet,
    bot: wechaty.WechatyBuilder.build({ puppet }),
    fileOf: (fileName, bytes) => FileBox.fromBase64(bytes.toString('base64'), fileName),
  };
}

async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (
      (error as { code?: string }).code !== 'MODULE_NOT_FOUND' &&
      (error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND'
    )
      throw error;
    const command = name === 'wechaty' ? 'npm install --no-save wechaty@1.20.2' : `npm install --no-save ${name}`;
    throw new ConnectorError(
      'rejected',
      'not_installed',
      `没有安装 ${name}：请在服务器的程序目录里运行 ${command}，然后重启。 / ${name} is not installed: run ${command} in the program's folder on the server, then restart.`,
      { retryAfterMs: 60_000, cause: error },
    );
  }
}

type PuppetClass = new (options: Readonly<Record<string, unknown>>) => Puppet;

function puppetClassOf(module: unknown, name: string): PuppetClass {
  const outer = (module as { default?: unknown }).default;
  const found = typeof outer === 'function' ? outer : (outer as { default?: unknown } | undefined)?.default;
  if (typeof found !== 'function')
    throw new ConnectorError('rejected', 'no_puppet', `${name} 不是 wechaty 的 puppet / is no puppet of wechaty`);
  return found as PuppetClass;
}

/** wechaty-puppet-service sends a file a second time, another way, whenever the first try failed for whatever reason. */
function withholdSecondSend(puppet: object): void {
  if ('messageSendFileStream' in puppet)
    Object.assign(puppet, {
      messageSendFileStream: () =>
        Promise.reject(new ConnectorError('outcome_unknown', 'no_answer', 'Puppet 服务没有确认，不知道文件是否已发出')),
    });
}

type Answered = (error: unknown, response?: { getLocation(): { toObject(): object } | undefined }) => void;
interface PlaceClient {
  messageLocation(request: unknown, answered: Answered): unknown;
}

/** wechaty-puppet-service copies the members of a place's message instead of reading it, so that every place is 0, 0, "NONAME": read here. */
function readPlaces(puppet: Puppet): void {
  if (!('grpcManager' in puppet)) return;
  const service = puppet as Puppet & { readonly grpcManager: { readonly client: PlaceClient } };
  const ask = service.messageLocation.bind(
    Object.create(service, {
      grpcManager: {
        get: () => ({
          client: {
            messageLocation: (request: unknown, answered: Answered) =>
              service.grpcManager.client.messageLocation(request, (error, response) => {
                const place = response?.getLocation()?.toObject();
                answered(
                  error ?? (place === undefined ? new Error('no place was told') : null),
                  // Already read: its members are what is copied.
                  { getLocation: () => place as { toObject(): object } },
                );
              }),
          },
        }),
      },
    }),
  );
  Object.assign(puppet, { messageLocation: ask });
}

/** wechaty-puppet-service writes who our contacts are into the home folder; without a store it asks the service instead. */
function keepNothingOnDisk(puppet: object): void {
  const { _payloadStore: store } = puppet as { _payloadStore?: object };
  if (store !== undefined) Object.assign(store, { start: () => Promise.resolve() });
}
