import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { MailStore } from '../store/mail-store';
import { ImapSession, type LogIn } from './imap-session';

const MOST_CONNECTIONS = 64;

/** Lets mailboxes of the store be read over IMAP, on loopback. */
export class ImapServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(mails: MailStore, admits: LogIn) {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      // Told of by the reading that ends; without a listener it would end the process.
      socket.on('error', () => undefined);
      void new ImapSession(socket, mails, admits).run();
    });
    this.server.maxConnections = MOST_CONNECTIONS;
  }

  /** Answers the port. Throws when it is taken. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
