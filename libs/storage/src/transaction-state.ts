/** What both kinds of transaction have in common: callbacks for after the commit, and an end. */
export abstract class TransactionState {
  private callbacks: (() => void)[] | null = null;
  private ended = false;

  afterCommit(callback: () => void): void {
    this.refuseWhenEnded();
    (this.callbacks ??= []).push(callback);
  }

  /** A statement that was not awaited must not slip into the next transaction on the same connection. */
  end(): void {
    this.ended = true;
  }

  /** Called by the owner once the commit is durable. One that throws, against its promise, must not keep the others from running. */
  runCallbacks(): void {
    for (const callback of this.callbacks ?? []) {
      try {
        callback();
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  protected refuseWhenEnded(): void {
    if (this.ended) throw new Error('this transaction has ended: await every statement inside it');
  }
}
