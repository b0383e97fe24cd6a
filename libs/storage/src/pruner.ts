const EVERY_MS = 3600 * 1000;

/** Runs a clean-up now and then, never two at once; its timer keeps no process alive. */
export class Pruner {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;

  constructor(private readonly work: () => Promise<unknown>) {}

  start(everyMs: number = EVERY_MS): void {
    this.timer ??= setInterval(() => this.run(), everyMs).unref();
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.running;
  }

  private run(): void {
    this.running ??= this.work().then(
      () => this.done(),
      // What could not be removed now is removed the next time.
      () => this.done(),
    );
  }

  private done(): void {
    this.running = null;
  }
}
