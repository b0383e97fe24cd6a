/** One field's complaint, as the server's `details` list it. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** An answer that was not a success, or none at all (`status` 0, code `network`). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown = undefined,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** What the server says about single fields; empty when it says nothing. */
  get fields(): FieldError[] {
    if (!Array.isArray(this.details)) return [];
    return this.details.flatMap((detail: unknown) => {
      if (typeof detail !== 'object' || detail === null) return [];
      const { path, message } = detail as { path?: unknown; message?: unknown };
      if (typeof message !== 'string') return [];
      return [{ path: Array.isArray(path) ? path.join('.') : typeof path === 'string' ? path : '', message }];
    });
  }

  /** Nobody knows whether the server did it: sending the same again is safe only where it is idempotent. */
  get uncertain(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** Reads the suite's error shape; what has another shape (a proxy's page) still becomes an `ApiError`. */
export function errorOfBody(status: number, body: unknown, retryAfter: string | null): ApiError {
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  const error = typeof body === 'object' && body !== null ? (body as { error?: unknown }).error : undefined;
  if (typeof error === 'object' && error !== null) {
    const { code, message, details } = error as { code?: unknown; message?: unknown; details?: unknown };
    if (typeof code === 'string')
      return new ApiError(status, code, typeof message === 'string' ? message : code, details, seconds);
  }
  return new ApiError(status, `http_${status}`, `HTTP ${status}`, undefined, seconds);
}

/** Any thrown thing as an `ApiError`. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(0, 'network', thrown instanceof Error ? thrown.message : String(thrown));
}
