import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ResolvedAddress } from '@huiliu/connector-kit';
import type { ServerLogin } from '../definition';
import { smtpError } from '../errors';

const CONNECT_MS = 10_000;
const GREETING_MS = 10_000;
/** A server may look at a mail for long before it answers (RFC 5321 §4.5.3.2.6); what takes longer has an unknown end. */
const SILENCE_MS = 90_000;

export interface Envelope {
  /** Empty: to whom nothing can be answered, for automatic mails (RFC 3834). */
  readonly from: string;
  readonly to: readonly string[];
}

export interface HandedOver {
  readonly accepted: readonly string[];
  /** Whom the server did not take the mail for, with its words. */
  readonly rejected: readonly { readonly address: string; readonly words: string }[];
}

/** Whether the server has offered a login; its type does not tell. */
type Connection = SMTPConnection & { readonly allowsAuth: boolean };

function connection(login: ServerLogin, address: ResolvedAddress, clientName: string): Connection {
  return new SMTPConnection({
    host: address.address,
    port: login.port,
    secure: login.secure,
    name: clientName,
    ...(isIP(login.host) === 0 ? { servername: login.host, tls: { servername: login.host } } : {}),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    logger: false,
  });
}

/** Greets and logs in; `work` then has the connection. Rejects with `ConnectorError` whatever goes wrong. */
function converse<T>(
  login: ServerLogin,
  address: ResolvedAddress,
  clientName: string,
  signal: AbortSignal | null,
  handedOver: () => boolean,
  work: (smtp: SMTPConnection, done: (error: Error | null, result?: T) => void) => void,
): Promise<T> {
  const smtp = connection(login, address, clientName);
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(smtpError(error, login.host, handedOver()));
      smtp.close();
    };
    const done = (error: Error | null, result?: T): void => {
      if (error !== null) return fail(error);
      resolve(result as T);
      smtp.quit();
    };
    const cut = (): void => fail(signal?.reason);
    signal?.addEventListener('abort', cut, { once: true });
    smtp.on('error', fail);
    smtp.once('end', () => {
      signal?.removeEventListener('abort', cut);
      fail(new Error('the connection was closed'));
    });
    smtp.connect((error) => {
      if (error) return fail(error);
      // A server that offers no login wants none, or says so.
      if (!smtp.allowsAuth) return work(smtp, done);
      smtp.login({ user: login.user, pass: login.pass }, (refused) => (refused ? fail(refused) : work(smtp, done)));
    });
  });
}

/** Hands a mail to the server at the address that was checked, under its own name. Rejects with `ConnectorError`. */
export function handOver(
  login: ServerLogin,
  address: ResolvedAddress,
  clientName: string,
  mail: { readonly envelope: Envelope; readonly source: Readable },
  signal: AbortSignal,
): Promise<HandedOver> {
  let whole = false;
  const broken = new AbortController();
  // A file of the mail may break off before anybody reads it.
  mail.source.on('error', (error) => broken.abort(error));
  // The last line that ends a mail is written only after this.
  mail.source.once('end', () => (whole = true));
  const { from, to } = mail.envelope;
  return converse<HandedOver>(
    login,
    address,
    clientName,
    AbortSignal.any([signal, broken.signal]),
    () => whole,
    (smtp, done) =>
      smtp.send({ from: from === '' ? false : from, to: [...to] }, mail.source, (error, info) => {
        if (error) return done(error);
        const { accepted = [], rejectedErrors = [] } = info ?? {};
        const rejected = rejectedErrors.map((one) => ({
          address: (one as { recipient?: string }).recipient ?? '',
          words: String(one.response ?? one.message),
        }));
        done(null, { accepted: accepted.map(String), rejected });
      }),
  ).finally(() => mail.source.destroy());
}

/** Tries to log in. */
export function checkSmtp(login: ServerLogin, address: ResolvedAddress, clientName: string): Promise<void> {
  return converse<void>(
    login,
    address,
    clientName,
    null,
    () => false,
    (_smtp, done) => done(null),
  );
}
