/** The pool or the write lane is closed; nothing can be asked any more. */
export class DatabaseClosed extends Error {
  constructor() {
    super('the database is closed');
  }
}

/** The commit that this work shared was lost: nothing of it is stored, and it may be tried again. */
export class CommitLost extends Error {
  constructor(cause: unknown) {
    super('the commit failed; nothing of this transaction is stored', { cause });
  }
}

/** The answer to a COMMIT never came: whether the transaction is stored is not known. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super('the answer to a commit was lost; the transaction may or may not be stored', { cause });
  }
}

/** A work held its transaction for so long that it was given up, so that others may go on. */
export class TransactionTooLong extends Error {
  constructor(seconds: number) {
    super(`a transaction took longer than ${seconds} s and was rolled back (a transaction inside a transaction?)`);
  }
}

interface DriverError {
  code?: unknown;
  errno?: unknown;
  errcode?: unknown;
  fatal?: unknown;
  message?: unknown;
  driverError?: unknown;
  cause?: unknown;
}

/** An error and what it was made of: TypeORM and our own classes wrap the driver's. */
function* causes(error: unknown): Generator<DriverError> {
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const known = current as DriverError;
    yield known;
    current = known.driverError ?? known.cause;
  }
}

const DUPLICATE_CODES = new Set<unknown>(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'ER_DUP_ENTRY']);

/** True where a row was refused because its primary or unique key is taken. */
export function isDuplicateKey(error: unknown): boolean {
  for (const cause of causes(error)) if (DUPLICATE_CODES.has(cause.code)) return true;
  return false;
}

/** True where another process holds SQLite's file for the moment. */
export function isBusy(error: unknown): boolean {
  for (const cause of causes(error)) if (typeof cause.errcode === 'number' && (cause.errcode & 0xff) === 5) return true;
  return false;
}

/** MySQL errors after which the same transaction may succeed: deadlock, lock wait time-out, record changed since last read. */
const REPEATABLE = new Set<unknown>([1213, 1205, 1020]);

export function isRepeatable(error: unknown): boolean {
  for (const cause of causes(error)) if (REPEATABLE.has(cause.errno)) return true;
  return false;
}

/** SQLite's primary result codes: busy, locked, no memory, read-only, interrupted, I/O, corrupt, full, cannot open, protocol, not a database. */
const SQLITE_TROUBLE = new Set([5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26]);

/** MySQL: out of connections or resources, shutting down, disk or table full, access or host refused, read-only, killed, lock trouble. */
const MYSQL_TROUBLE = new Set<unknown>([
  1020, 1021, 1030, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1049, 1053, 1077, 1078, 1079, 1114, 1129, 1130,
  1135, 1152, 1154, 1156, 1157, 1158, 1159, 1160, 1161, 1180, 1181, 1184, 1189, 1190, 1194, 1195, 1203, 1205, 1206,
  1213, 1226, 1290, 1317, 1429, 1456, 1792, 1836, 1927, 1969, 2002, 2003, 2006, 2013, 3024, 3100, 3101, 4031,
]);

const NETWORK_CODES = new Set<unknown>([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EROFS',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'POOL_CLOSED',
  'POOL_NONEONLINE',
]);

const CLOSED_WORDS =
  /^(Pool is closed|Queue limit reached|No connections available|database is not open|Can't add new command when connection is in closed state|Connection lost)/;

/**
 * True where the database itself is in trouble (out of reach, full, read-only, overloaded) rather than what was asked of it:
 * the same request may succeed later, so consumers pause and nothing is parked.
 */
export function isInfrastructureError(error: unknown): boolean {
  if (isDuplicateKey(error)) return false;
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseClosed || cause instanceof CommitLost || cause instanceof CommitUnknown) return true;
    if (typeof cause.errcode === 'number' && SQLITE_TROUBLE.has(cause.errcode & 0xff)) return true;
    if (MYSQL_TROUBLE.has(cause.errno) || NETWORK_CODES.has(cause.code) || cause.fatal === true) return true;
    if (typeof cause.message === 'string' && CLOSED_WORDS.test(cause.message)) return true;
  }
  return false;
}
