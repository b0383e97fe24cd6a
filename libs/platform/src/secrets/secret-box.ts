import { Inject, Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Config } from '../config/config';

interface Key {
  /** Names the master key in what it sealed; tells nothing about it. */
  readonly kid: string;
  readonly master: Buffer;
  readonly seal: Buffer;
}

const SALT = 'huiliu.v1';
const NONCE = 12;
const TAG = 16;

/** What was sealed cannot be opened: changed, cut, or sealed with a key that we do not have. */
export class CannotOpen extends Error {
  constructor() {
    super('a sealed value cannot be opened with the keys at hand');
    this.name = 'CannotOpen';
  }
}

/** Seals secrets for storing (AES-256-GCM) and derives keys, all from the master key. Old master keys open, and seal nothing. */
@Injectable()
export class SecretBox {
  private readonly keys: readonly [Key, ...Key[]];

  constructor(@Inject(Config) config: Pick<Config, 'masterKey' | 'oldMasterKeys'>) {
    this.keys = [keyOf(config.masterKey), ...config.oldMasterKeys.map(keyOf)];
  }

  /** `enc:v1:<kid>:<base64url of nonce, ciphertext and tag>`. */
  seal(text: string): string {
    const [key] = this.keys;
    const head = `enc:v1:${key.kid}`;
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', key.seal, nonce).setAAD(Buffer.from(head));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${head}:${sealed.toString('base64url')}`;
  }

  /** The text that was sealed. Throws `CannotOpen`. */
  open(sealed: string): string {
    const match = /^(enc:v1:([0-9a-f]{8})):([A-Za-z0-9_-]+)$/.exec(sealed);
    const key = this.keys.find((candidate) => candidate.kid === match?.[2]);
    const bytes = Buffer.from(match?.[3] ?? '', 'base64url');
    if (match === null || key === undefined || bytes.length < NONCE + TAG) throw new CannotOpen();
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.seal, bytes.subarray(0, NONCE), { authTagLength: TAG });
      decipher.setAAD(Buffer.from(match[1]!)).setAuthTag(bytes.subarray(bytes.length - TAG));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE, bytes.length - TAG)), decipher.final()]).toString(
        'utf8',
      );
    } catch {
      throw new CannotOpen();
    }
  }

  /** True when `text` is something that `seal` made. */
  isSealed(text: string): boolean {
    return /^enc:v1:[0-9a-f]{8}:[A-Za-z0-9_-]+$/.test(text);
  }

  /** True when it was sealed with an old key and should be sealed anew when it is next written. */
  isStale(sealed: string): boolean {
    return !sealed.startsWith(`enc:v1:${this.keys[0].kid}:`);
  }

  /** 32 bytes for one purpose, the same in every process that has the master key. */
  deriveKey(purpose: string): Buffer {
    return derive(this.keys[0].master, purpose);
  }

  /** The key for one purpose, the current one first, then those of old master keys: to verify what they signed. */
  deriveKeys(purpose: string): Buffer[] {
    return this.keys.map((key) => derive(key.master, purpose));
  }
}

function keyOf(master: Buffer): Key {
  return {
    kid: derive(master, 'secret-box.kid').subarray(0, 4).toString('hex'),
    master,
    seal: derive(master, 'secret-box.seal'),
  };
}

function derive(master: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, SALT, purpose, 32));
}
