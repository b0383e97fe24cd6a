import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { sameText } from './constant-time';

/** Pads to 32 bytes although the cipher's block is 16: what the platforms' own samples do. */
const BLOCK = 32;
const RANDOM = 16;
const LENGTH = 4;

/** The ciphertext is not one that the key made for this receiver. Says nothing of where it failed. */
export class EnvelopeError extends Error {
  constructor() {
    super('the envelope does not open');
  }
}

export interface Opened {
  readonly message: Buffer;
  /** Whom it was sealed for: an app id, a corp id. */
  readonly id: string;
}

export const isEncodingAesKey = (text: string): boolean => /^[A-Za-z0-9+/]{43}$/.test(text);

/**
 * The envelope of WeChat, WeCom, WeChat Store and DingTalk: AES-256-CBC, key = base64(EncodingAESKey + "="), IV = key[0..16],
 * plaintext = 16 random bytes + length (uint32, big endian) + message + id, PKCS#7 to 32 bytes.
 */
export class Envelope {
  private readonly key: Buffer;

  /** `id`: the receiver that every envelope must name. */
  constructor(
    encodingAesKey: string,
    private readonly id: string,
  ) {
    if (!isEncodingAesKey(encodingAesKey)) throw new TypeError('an EncodingAESKey has 43 letters of base64');
    this.key = Buffer.from(`${encodingAesKey}=`, 'base64');
  }

  /** The ciphertext in base64. `random`: 16 bytes. */
  seal(message: string | Buffer, random: Buffer = randomBytes(RANDOM)): string {
    if (random.length !== RANDOM) throw new TypeError('the random part has 16 bytes');
    const body = Buffer.from(message);
    const length = Buffer.alloc(LENGTH);
    length.writeUInt32BE(body.length);
    const plain = Buffer.concat([random, length, body, Buffer.from(this.id, 'utf8')]);
    const pad = BLOCK - (plain.length % BLOCK);
    const cipher = createCipheriv('aes-256-cbc', this.key, this.key.subarray(0, 16)).setAutoPadding(false);
    return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString(
      'base64',
    );
  }

  /** Throws `EnvelopeError` unless the ciphertext is whole and names our id. */
  open(encrypted: string): Opened {
    const cipherText = Buffer.from(encrypted, 'base64');
    // One ciphertext has one spelling: Node overlooks what stands after the padding, and letters that are none.
    const spelt = cipherText.toString('base64') === encrypted;
    if (!spelt || cipherText.length < BLOCK || cipherText.length % 16 !== 0) throw new EnvelopeError();
    const decipher = createDecipheriv('aes-256-cbc', this.key, this.key.subarray(0, 16)).setAutoPadding(false);
    const padded = Buffer.concat([decipher.update(cipherText), decipher.final()]);
    const pad = padded[padded.length - 1] as number;
    if (pad < 1 || pad > BLOCK || padded.subarray(padded.length - pad).some((byte) => byte !== pad))
      throw new EnvelopeError();
    const plain = padded.subarray(0, padded.length - pad);
    if (plain.length < RANDOM + LENGTH) throw new EnvelopeError();
    const end = RANDOM + LENGTH + plain.readUInt32BE(RANDOM);
    if (end > plain.length) throw new EnvelopeError();
    const id = plain.subarray(end).toString('utf8');
    if (!sameText(id, this.id)) throw new EnvelopeError();
    return { message: plain.subarray(RANDOM + LENGTH, end), id };
  }
}
