import { WebhookRefusal, type WebhookRequest } from '@huiliu/connector-kit';
import { Envelope, parseJson, readXml } from '@huiliu/wire';
import type { WechatOfficialConfig } from './definition';
import { type Fields, textField } from '../shared/fields';
import { holdsPlain, openSigned } from './signature';

/** A call that has been proven: what it was signed with, and what it says (of a handshake: the text to give back). */
export interface Proven {
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
  /** What the replay memory knows the call by. */
  readonly signed: Buffer;
  /** Reads the message; throws `WebhookRefusal` for what is malformed. Nothing was parsed of a plain push until now. */
  read(): Fields | string;
}

/** Proves calls of one account. With a key only what it encrypted is taken: a plain body is refused however well it is signed. */
export class PushProver {
  private readonly envelope: Envelope | null;

  constructor(private readonly config: Pick<WechatOfficialConfig, 'appId' | 'token' | 'encodingAesKey'>) {
    const { encodingAesKey, appId } = config;
    this.envelope = encodingAesKey === undefined ? null : new Envelope(encodingAesKey, appId);
  }

  /** Throws `WebhookRefusal`: `unauthorized` for every signature that is missing, doubled or wrong. */
  prove(request: WebhookRequest): Proven {
    const stamp = { timestamp: request.signed('timestamp'), nonce: request.signed('nonce') };
    if (request.method === 'GET') {
      const signature = this.plainSignature(request, stamp);
      const echo = request.signed('echostr');
      return { ...stamp, signature, signed: Buffer.from(echo), read: () => echo };
    }
    const { envelope } = this;
    if (envelope === null) {
      const signature = this.plainSignature(request, stamp);
      return { ...stamp, signature, signed: request.body, read: () => fieldsOf(request.body) };
    }
    const signature = request.signed('msg_signature');
    const encrypted = encryptedOf(request.body);
    const message = encrypted === null ? null : openSigned(this.config.token, envelope, stamp, encrypted, signature);
    if (message === null) throw new WebhookRefusal('unauthorized', 'msg_signature does not prove an encrypted message');
    return { ...stamp, signature, signed: request.body, read: () => fieldsOf(message) };
  }

  private plainSignature(request: WebhookRequest, stamp: { timestamp: string; nonce: string }): string {
    const signature = request.signed('signature');
    if (!holdsPlain(this.config.token, stamp, signature)) throw new WebhookRefusal('unauthorized', 'wrong signature');
    return signature;
  }
}

/** XML, or JSON where the account is set to it. */
function fieldsOf(bytes: Buffer): Fields {
  try {
    return parsed(bytes);
  } catch {
    throw new WebhookRefusal('malformed', 'neither XML nor JSON');
  }
}

function parsed(bytes: Buffer): Fields {
  const body = bytes.toString('utf8').trim();
  if (!body.startsWith('{')) return readXml(body);
  const value = parseJson(body);
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** The ciphertext, the only thing that is read of a body before it is proven; null where there is none. */
function encryptedOf(body: Buffer): string | null {
  try {
    return textField(parsed(body), 'Encrypt');
  } catch {
    return null;
  }
}
