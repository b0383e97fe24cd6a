/** An error that is answered as it stands: status, code, words for a person and, where they help, details. */
export class AppError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: unknown,
    /** Sent as `Retry-After`, in whole seconds. */
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = 'AppError';
  }
}

export function badRequest(code: string, message: string, details?: unknown): AppError {
  return new AppError(400, code, message, details);
}

export function unauthorized(message = 'sign in first'): AppError {
  return new AppError(401, 'unauthorized', message);
}

export function forbidden(message = 'not allowed'): AppError {
  return new AppError(403, 'forbidden', message);
}

/** `what` in words: `notFound('conversation')` says "no such conversation". */
export function notFound(what = 'page'): AppError {
  return new AppError(404, 'not_found', `no such ${what}`);
}

export function conflict(code: string, message: string, details?: unknown): AppError {
  return new AppError(409, code, message, details);
}

export function tooLarge(limitBytes: number): AppError {
  return new AppError(413, 'too_large', `the body is larger than ${limitBytes} bytes`);
}

export function unsupportedMediaType(message = 'expected application/json'): AppError {
  return new AppError(415, 'unsupported_media_type', message);
}

export function tooMany(retryAfterSeconds: number): AppError {
  return new AppError(
    429,
    'too_many_requests',
    'too many requests, try again later',
    undefined,
    wholeSeconds(retryAfterSeconds),
  );
}

export function unavailable(message = 'not available right now', retryAfterSeconds = 5): AppError {
  return new AppError(503, 'unavailable', message, undefined, wholeSeconds(retryAfterSeconds));
}

function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds));
}
