import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 as isUtf8Text } from 'node:buffer';
import type { Readable } from 'node:stream';
import { type AppError, badRequest, tooLarge, unsupportedMediaType } from '../errors/app-error';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they came. */
    rawBody?: Buffer;
  }
}

const MAX_DEPTH = 64;
const BYTE_ORDER_MARK = 0xfeff;

/** The value of a JSON text in bytes. Refuses what is not UTF-8, not JSON, nested too deep, or would touch prototypes. */
export function readJson(bytes: Uint8Array): unknown {
  if (!isUtf8Text(bytes)) throw badRequest('malformed', 'the body is not UTF-8');
  const text = (
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  ).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
  } catch {
    throw badRequest('malformed', 'the body is not JSON');
  }
  check(value, 1);
  return value;
}

function check(value: unknown, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth > MAX_DEPTH) throw badRequest('malformed', `the body is nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    for (const item of value) check(item, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    // As JSON.parse makes them, `__proto__` is a key like any other; whatever copies the object later may not think so.
    if (
      key === '__proto__' ||
      (key === 'constructor' && inner !== null && typeof inner === 'object' && Object.hasOwn(inner, 'prototype'))
    ) {
      throw badRequest('malformed', 'the body holds a forbidden key');
    }
    check(inner, depth + 1);
  }
}

type Done = (error: Error | null, body?: unknown) => void;

/** Takes `application/json` only and leaves its bytes in `request.rawBody`. Who reads other bodies brings parsers in a scope of its own. */
export function registerBodies(fastify: FastifyInstance, bodyLimit: number): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', (request: FastifyRequest, payload: Readable, done: Done) => {
    if (!isUtf8(request)) return refuse(payload, unsupportedMediaType('expected UTF-8'), done);
    readAll(payload, request.routeOptions.bodyLimit ?? bodyLimit)
      .then((bytes) => {
        request.rawBody = bytes;
        return bytes.length === 0 ? undefined : readJson(bytes);
      })
      .then((value) => done(null, value), done);
  });
  fastify.addContentTypeParser('*', (request: FastifyRequest, payload: Readable, done: Done) =>
    // Nothing was sent, so there is nothing of a wrong type: some clients name one with every POST.
    request.headers['content-length'] === '0' ? done(null) : refuse(payload, unsupportedMediaType(), done),
  );
}

function isUtf8(request: FastifyRequest): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

function refuse(payload: Readable, error: AppError, done: Done): void {
  payload.resume();
  done(error);
}

/** Reads a body up to a limit. What comes after it is thrown away unread, so that the answer still reaches the sender. */
function readAll(payload: Readable, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // The listeners stay: to take them away again costs more than to hear what no longer matters.
    let settled = false;
    const onData = (chunk: Buffer): void => {
      if (settled) return;
      length += chunk.length;
      chunks.push(chunk);
      if (length <= limit) return;
      settled = true;
      chunks.length = 0;
      reject(tooLarge(limit));
    };
    const onEnd = (): void => {
      settled = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length));
    };
    const onClose = (): void => {
      if (settled) return;
      settled = true;
      reject(badRequest('invalid', 'the request broke off'));
    };
    payload.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose);
  });
}
