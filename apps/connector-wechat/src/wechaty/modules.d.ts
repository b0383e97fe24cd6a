/**
 * The little of the optional packages that is used here. They are development dependencies, and may be missing where this runs: only
 * `puppet.ts` loads them, and only for an account.
 */
declare module 'wechaty' {
  export const WechatyBuilder: {
    build(options: { puppet: unknown }): {
      start(): Promise<void>;
      stop(): Promise<void>;
      on(event: 'error', listener: (error: unknown) => void): void;
    };
  };
  export const log: { level(level: 'silent'): unknown };
}

declare module 'file-box' {
  export interface FileBoxInterface {
    readonly name: string;
    readonly mediaType?: string;
    toBuffer(): Promise<Buffer>;
    toStream(): Promise<NodeJS.ReadableStream>;
  }
  export const FileBox: { fromBase64(base64: string, name: string): FileBoxInterface };
}
