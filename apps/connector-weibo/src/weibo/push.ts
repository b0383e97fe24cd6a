import { WebhookRefusal, type WebhookRequest } from '@huiliu/connector-kit';
import { parseJson, readXml } from '@huiliu/wire';
import { ofJson, ofXml, type PushFields } from './fields';
import { holds, type Stamp } from './signature';

/** A call that has been proven: what it was signed with, and what it says. */
export interface Proven extends Stamp {
  readonly signature: string;
  /** What the replay memory knows the call by. */
  readonly signed: Buffer;
  /** Of a handshake: the text to give back; of a push: what it says. */
  readonly said: string | PushFields;
}

/** Throws `WebhookRefusal`: `unauthorized` for every signature that is missing, doubled or wrong; `malformed` for what cannot be read then. */
export function prove(appSecret: string, request: WebhookRequest): Proven {
  const stamp = { timestamp: request.signed('timestamp'), nonce: request.signed('nonce') };
  const signature = request.signed('signature');
  if (!holds(appSecret, stamp, signature)) throw new WebhookRefusal('unauthorized', 'wrong signature');
  if (request.method === 'GET') {
    const echo = request.signed('echostr');
    return { ...stamp, signature, signed: Buffer.from(echo), said: echo };
  }
  // Read before it is remembered: a body that was cut on its way must not bar the platform's retry under the same signature.
  return { ...stamp, signature, signed: request.body, said: read(request.body) };
}

/** JSON, or XML where the account is set to it (eps/push/set_format). */
function read(body: Buffer): PushFields {
  const text = body.toString('utf8').trim();
  try {
    return text.startsWith('<') ? ofXml(readXml(text)) : ofJson(parseJson(text));
  } catch {
    throw new WebhookRefusal('malformed', 'neither JSON nor XML');
  }
}
