/** What `drop-silent.ts` mends; the client's own types leave it out. */
declare module 'kafkajs/src/network/connection' {
  import type { Socket } from 'node:net';

  class Connection {
    readonly socket: Socket | undefined;
    send: (this: Connection, request: object) => Promise<unknown>;
  }
  export = Connection;
}
