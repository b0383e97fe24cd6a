import { Agent, request } from 'node:http';

const HANGS_MS = 15_000;

/** A call as it goes over the wire; the query may hold whatever fits into a request line. */
export interface WirePush {
  readonly method: 'GET' | 'POST';
  readonly query: string;
  readonly contentType: string | null;
  readonly body: Buffer;
}

/** What was answered; status 0: the connection broke, or nothing came. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends pushes over kept connections, as they are: no client in between that would mend them. */
export class PushLine {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(private readonly port: number) {}

  send(accountId: string, channel: string, { method, query, contentType, body }: WirePush): Promise<WireAnswer> {
    // What a request line cannot hold at all is escaped; the rest goes as it is.
    const search = query.replace(/[^!-~]/gu, (letter) => encodeURIComponent(letter.toWellFormed()));
    return new Promise((resolve) => {
      const call = request(
        {
          port: this.port,
          host: '127.0.0.1',
          agent: this.agent,
          method,
          path: `/webhooks/${channel}/${accountId}?${search}`,
          headers: {
            ...(contentType === null ? {} : { 'content-type': contentType }),
            ...(method === 'GET' ? {} : { 'content-length': body.length }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
          );
          response.on('error', () => resolve({ status: 0, body: 'cut off' }));
        },
      );
      call.setTimeout(HANGS_MS, () => call.destroy(new Error('no answer')));
      call.on('error', (error) => resolve({ status: 0, body: error.message }));
      call.end(method === 'GET' ? undefined : body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
