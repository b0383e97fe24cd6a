import { HttpException } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { AppError, unavailable } from './app-error';
import { isPassing } from './passing';

/** An error as it goes over the wire. `expected`: the asker's doing, so nothing to log. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly code: string; readonly message: string; readonly details?: unknown } };
  readonly expected: boolean;
}

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'timeout',
  409: 'conflict',
  413: 'too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  426: 'upgrade_required',
  429: 'too_many_requests',
  431: 'headers_too_large',
  500: 'internal',
  503: 'unavailable',
};

/** Fastify's own complaints that are a client's doing, in our words (theirs may quote the request). */
const FASTIFY: Readonly<Record<string, readonly [number, string, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported_media_type', 'expected application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too_large', 'the body is too large'],
  FST_REQ_FILE_TOO_LARGE: [413, 'too_large', 'the file is too large'],
  FST_FILES_LIMIT: [413, 'too_large', 'too many files'],
  FST_PARTS_LIMIT: [413, 'too_large', 'too many parts'],
  FST_FIELDS_LIMIT: [413, 'too_large', 'too many fields'],
  FST_INVALID_MULTIPART_CONTENT_TYPE: [415, 'unsupported_media_type', 'expected multipart/form-data'],
  FST_MP_PREMATURE_CLOSE: [400, 'malformed', 'the multipart body breaks off'],
  FST_PROTO_VIOLATION: [400, 'malformed', 'the body holds a forbidden key'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'invalid', 'the body is not as long as announced'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'malformed', 'the body is empty'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'malformed', 'the body is not JSON'],
  FST_ERR_BAD_URL: [400, 'bad_path', 'the path is malformed'],
  FST_ERR_MAX_PARAM_LENGTH: [404, 'not_found', 'no such page'],
  FST_ERR_ROUTE_METHOD_NOT_SUPPORTED: [405, 'method_not_allowed', 'method not allowed'],
};

/** What the multipart reader says of a broken body; it has no codes. */
const BROKEN_MULTIPART =
  /^(Multipart: Boundary not found|Unexpected end of (multipart data|file)|\w+ terminated early|Malformed part header|Unsupported content type|Missing Content-Type|Malformed content type)/i;

export function codeOfStatus(status: number): string {
  return CODES[status] ?? (status < 500 ? 'invalid' : 'internal');
}

/** The one shape of every error. */
export function errorBody(code: string, message: string, details?: unknown): ErrorAnswer['body'] {
  return { error: details === undefined ? { code, message } : { code, message, details } };
}

/** What is answered for whatever was thrown. Nothing of an unexpected error leaves the process. */
export function answerOf(error: unknown): ErrorAnswer {
  if (error instanceof AppError)
    return answer(error.status, error.code, error.message, error.details, error.retryAfterSeconds);
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return status >= 500 ? internal(status) : answer(status, codeOfStatus(status), error.message);
  }
  const foreign = error as
    { code?: unknown; statusCode?: unknown; name?: unknown; expose?: unknown } | null | undefined;
  const known = typeof foreign?.code === 'string' ? FASTIFY[foreign.code] : undefined;
  if (known !== undefined) return answer(known[0], known[1], known[2]);
  if (foreign?.code === 'FST_ERR_REOPENED_CLOSE_SERVER' || foreign?.code === 'FST_ERR_INSTANCE_ALREADY_LISTENING')
    return internal(500);
  if (foreign?.name === 'FastifyError' && typeof foreign.statusCode === 'number') {
    if (foreign.statusCode === 503) return answerOf(unavailable('stopping', 5));
    if (foreign.statusCode < 500)
      return answer(foreign.statusCode, codeOfStatus(foreign.statusCode), words(foreign.statusCode));
  }
  // What the file server says of a path that leaves its folder or cannot be a file's.
  if (foreign?.expose === true && typeof foreign.statusCode === 'number' && foreign.statusCode < 500)
    return answer(foreign.statusCode, codeOfStatus(foreign.statusCode), words(foreign.statusCode));
  if (error instanceof Error && BROKEN_MULTIPART.test(error.message))
    return answer(400, 'malformed', 'the multipart body is malformed');
  // Errors of the request's own stream (broken off, too slow): Fastify marks them with a status.
  if (foreign?.code === 'ECONNRESET' && foreign.statusCode === 400)
    return answer(400, 'invalid', 'the request broke off');
  // Not the asker's doing either: it stays among what is logged.
  if (isPassing(error)) return { ...answerOf(unavailable()), expected: false };
  return internal(500);
}

function answer(status: number, code: string, message: string, details?: unknown, retryAfter?: number): ErrorAnswer {
  const wait = retryAfter ?? (status === 429 || status === 503 ? 5 : undefined);
  return {
    status,
    headers: wait === undefined ? {} : { 'retry-after': String(wait) },
    body: errorBody(code, message, details),
    expected: status < 500 || status === 503,
  };
}

function internal(status: number): ErrorAnswer {
  return { ...answer(status, codeOfStatus(status), 'something went wrong here'), expected: false };
}

function words(status: number): string {
  return (STATUS_CODES[status] ?? 'error').toLowerCase();
}
