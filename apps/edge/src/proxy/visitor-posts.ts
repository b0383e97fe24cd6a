import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';

/** As the connector has it (surfaces, “The website visitor”). */
const MESSAGES = /^\/webchat\/[0-9A-HJKMNP-TV-Z]{26}\/messages$/;
/** Larger bodies are handed on as they come. */
const SMALL_BYTES = 64 * 1024;

/** True for what a visitor writes, announced with its length and small: it is read whole before an app is asked. */
export function isVisitorPost({ method, raw }: FastifyRequest): boolean {
  if (method !== 'POST' || !MESSAGES.test(raw.url ?? '')) return false;
  const { headers } = raw;
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return false;
  const length = Number(headers['content-length'] ?? 0);
  return length > 0 && length <= SMALL_BYTES;
}

/**
 * True when it keeps nobody waiting who is sent behind it on the same connection: only a message with a file asks a database. A key of JSON that
 * is named so is written so, or with `\u`.
 */
export function asksNobody(body: Buffer): boolean {
  return !body.includes('attachment') && !body.includes('\\u');
}

/** The whole body; null when the client went away before its end. */
export function wholeBody(message: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    message.on('error', () => resolve(null));
    message.on('close', () => resolve(null));
  });
}
