/** A mail as it arrived. `id` grows with time over all mailboxes and is its UID in each of them. */
export interface StoredMail {
  readonly id: number;
  readonly raw: Buffer;
  readonly receivedAt: Date;
}

/** One address's mails, the oldest first. */
export class Mailbox {
  readonly inbox: StoredMail[] = [];
  readonly sent: StoredMail[] = [];
  private readonly flagsOf = new Map<number, Set<string>>();

  constructor(readonly name: string) {}

  /** The flags that IMAP clients have set on a mail, `\Seen` and the like. */
  flags(id: number): ReadonlySet<string> {
    return this.flagsOf.get(id) ?? new Set();
  }

  setFlags(id: number, flags: readonly string[]): void {
    this.flagsOf.set(id, new Set(flags));
  }

  find(id: number): StoredMail | undefined {
    return this.inbox.find((mail) => mail.id === id) ?? this.sent.find((mail) => mail.id === id);
  }

  forget(id: number): void {
    this.flagsOf.delete(id);
    for (const folder of [this.inbox, this.sent]) {
      const at = folder.findIndex((mail) => mail.id === id);
      if (at >= 0) folder.splice(at, 1);
    }
  }
}
