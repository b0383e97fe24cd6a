import { WebhookRefusal, type WebhookRequest } from '@huiliu/connector-kit';
import { Envelope, readXml } from '@huiliu/wire';
import { clean, type Fields, textField } from '../shared/fields';
import type { WecomKfConfig } from './definition';
import { openSigned, type Stamp } from './signature';

/** A call that has been proven. */
export interface Proven extends Stamp {
  readonly signature: string;
  /** What the replay memory knows the call by. */
  readonly signed: Buffer;
  /** Of a handshake: the text to give back. */
  readonly echo: string | null;
  /** Reads what a callback says; throws `WebhookRefusal` for what is malformed. */
  read(): Callback;
}

/** What a callback says: that something waits at an account, and the token by which it is pulled without the strict limit. */
export interface Callback {
  /** Null where the callback is about something else. */
  readonly waits: { readonly token: string | null; readonly openKfId: string | null } | null;
}

/** Proves calls of one account. Everything is encrypted, the handshake's text too: a plain body is refused. */
export class CallbackProver {
  private readonly envelope: Envelope;

  constructor(private readonly config: Pick<WecomKfConfig, 'corpId' | 'token' | 'encodingAesKey'>) {
    this.envelope = new Envelope(config.encodingAesKey, config.corpId);
  }

  /** Throws `WebhookRefusal`: `unauthorized` for every signature that is missing, doubled or wrong. */
  prove(request: WebhookRequest): Proven {
    const stamp = { timestamp: request.signed('timestamp'), nonce: request.signed('nonce') };
    const signature = request.signed('msg_signature');
    const shakes = request.method === 'GET';
    const encrypted = shakes ? request.signed('echostr') : encryptedOf(request.body);
    const message =
      encrypted === null ? null : openSigned(this.config.token, this.envelope, stamp, encrypted, signature);
    if (message === null || encrypted === null)
      throw new WebhookRefusal('unauthorized', 'msg_signature does not prove an encrypted message');
    return {
      ...stamp,
      signature,
      signed: shakes ? Buffer.from(encrypted) : request.body,
      echo: shakes ? message.toString('utf8') : null,
      read: () => callbackOf(message),
    };
  }
}

function callbackOf(message: Buffer): Callback {
  let fields: Fields;
  try {
    fields = readXml(message.toString('utf8').trim());
  } catch {
    throw new WebhookRefusal('malformed', 'not XML');
  }
  if (textField(fields, 'MsgType') !== 'event' || textField(fields, 'Event') !== 'kf_msg_or_event')
    return { waits: null };
  const field = (name: string): string | null => {
    const value = clean(textField(fields, name) ?? '', 512);
    return value === '' ? null : value;
  };
  return { waits: { token: field('Token'), openKfId: field('OpenKfId') } };
}

/** The ciphertext, the only thing that is read of a body before it is proven; null where there is none. */
function encryptedOf(body: Buffer): string | null {
  try {
    return textField(readXml(body.toString('utf8').trim()), 'Encrypt');
  } catch {
    return null;
  }
}
