/** Takes tickets, tokens and bearer credentials out of a finished log line, wherever in it they stand. */
export function scrubLine(line: string): string {
  return line
    .replace(/([?&](?:ticket|token|access_token|hash|signature|msg_signature)=)[^&"'\s\\#]*/gi, '$1…')
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 …');
}

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

const MAX_MESSAGE = 300;

/**
 * An error as it is logged: its kind, words, code and where it came from. Nothing else of the object: database errors carry the
 * statement's parameters, HTTP errors whole requests. Quoted parts are left out where the words come from data.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const { code, cause } = error as Error & { code?: unknown };
  const message = (quotesData(error) ? error.message.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '…') : error.message).slice(
    0,
    MAX_MESSAGE,
  );
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(frames.length === 0 ? {} : { stack: frames.slice(0, 15).join('\n') }),
    ...(cause instanceof Error && depth < 3 ? { cause: loggedError(cause, depth + 1) } : {}),
  };
}

/** Errors whose message repeats what was being read or stored. */
function quotesData(error: Error): boolean {
  return (
    error instanceof SyntaxError ||
    'sql' in error ||
    'query' in error ||
    'sqlMessage' in error ||
    'errno' in error ||
    /^(ER_|SQLITE)/.test(String((error as { code?: unknown }).code))
  );
}
