/** The little of the optional packages that is used here; only `puppet-host.ts` loads them, and only for an account. */
declare module 'wechaty-puppet-mock' {
  import type { FileBoxInterface } from 'file-box';

  export interface Payload {
    id: string;
    type: number;
    text?: string;
    talkerId: string;
    listenerId?: string;
    roomId?: string;
    timestamp: number;
  }
  export namespace mock {
    interface Said {
      readonly id: string;
      talker(): ContactMock;
      text(): string | undefined;
      toFileBox(): Promise<FileBoxInterface>;
    }
    interface ContactMock {
      readonly id: string;
      say(something: string): { to(whom: ContactMock | RoomMock): void };
      on(event: 'message', listener: (message: Said) => void): unknown;
    }
    interface RoomMock {
      readonly id: string;
      readonly payload: { memberIdList: string[] };
    }
    class Mocker {
      puppet: PuppetMock;
      readonly cacheFileBoxPayload: Map<string, object>;
      readonly MessageMock: { create(payload: Payload): unknown };
      createContact(payload: { id: string; name: string; alias?: string; type?: number }): ContactMock;
      createRoom(payload: { id: string; topic: string; memberIdList: string[] }): RoomMock;
      scan(qrcode: string, status?: number): void;
      login(user: ContactMock): void;
    }
  }
  export class PuppetMock {
    constructor(options: { mocker: mock.Mocker });
    readonly state: { active(): true | 'pending' | false };
    readonly isLoggedIn: boolean;
    readonly currentUserId: string;
    emit(event: string, payload: object): boolean;
    on(event: string, listener: () => void): unknown;
    logout(reason?: string): Promise<void>;
    onStart(): Promise<void>;
    messageFile(id: string): Promise<FileBoxInterface>;
  }
}
