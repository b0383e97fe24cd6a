import type { Pending } from './types';

interface Remembered {
  token?: string;
  pending?: Pending[];
  readSeq?: number;
}

/** What survives a reload, where the browser lets us keep it. */
export class Memory {
  private readonly key: string;

  /** `profile` keeps several visitors of one browser apart (the sandbox plays more than one customer). */
  constructor(accountId: string, profile: string | undefined) {
    this.key = profile === undefined ? `huiliu:${accountId}` : `huiliu:${accountId}:${profile}`;
  }

  read(): Remembered {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? '{}') as Remembered;
    } catch {
      return {};
    }
  }

  write(change: Remembered): void {
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...this.read(), ...change }));
    } catch {
      // Storage is full or forbidden: the chat works on, only not across reloads.
    }
  }
}

/** A clientId: 128 random bits. */
export function newClientId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
