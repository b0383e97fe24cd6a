/** The floor of `push`: one serialisation of a record, then `send` of `ws` to each client. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { serveNotes, tell, type Note } from '../lib/child';

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });

/** A position as long as the product's. */
const SEQ = 'x'.repeat(100);

function push(note: Note): void {
  for (const record of note.records as object[]) {
    const text = JSON.stringify({ seq: SEQ, type: 'message.created', data: record });
    const bytes = Buffer.from(text, 'utf8');
    for (const client of server.clients) client.send(bytes, { binary: false });
  }
}

serveNotes({ push });
http.listen(0, '127.0.0.1', () => tell({ type: 'ready', port: (http.address() as AddressInfo).port }));
