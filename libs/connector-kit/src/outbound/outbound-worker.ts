import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Metrics } from '@huiliu/platform';
import { Clock, StaleLease } from '@huiliu/storage';
import { AccountDirectory } from '../accounts/account-directory';
import { HOST_OPTIONS, type HostOptions } from '../host-options';
import { accountLease, type Held, LeaseBook } from '../leases/lease-book';
import { CommandStore, type StoredCommand } from './command-store';
import { ACCOUNT_LANES, accountOfLane, HASH_LANES, hashLane, isAccountLane, laneAccount } from './lanes';
import { Sender } from './sender';

const SWEEP_MS = 2_000;
const BALANCE_MS = 1_000;
const PRUNE_EVERY_MS = 3600_000;
const MOST_IN_MEMORY = 5_000;
const MOST_AT_ONCE = 64;
const STOP_MS = 8_000;
const AFTER_TROUBLE_MS = 1_000;
const GROUP = 'outbound/member';

interface Line {
  readonly queue: StoredCommand[];
  running: boolean;
  /** When the first of the queue may be tried again. */
  timer: NodeJS.Timeout | null;
}

/**
 * Carries out stored commands: each conversation's in order, conversations side by side. A lane of conversations belongs to the process
 * that holds its lease. What waits to be tried again holds its own conversation only.
 */
@Injectable()
export class OutboundWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('OutboundWorker');
  private readonly lanes = new Map<string, Held>();
  /** Lanes of accounts that nobody can connect: held here to end what waits in them. */
  private readonly orphans = new Set<string>();
  private readonly lines = new Map<string, Line>();
  private readonly known = new Set<number>();
  private readonly ready: Line[] = [];
  private active = 0;
  private sweeping: Promise<void> | null = null;
  private again = false;
  private balancedAt = -Infinity;
  private stopping = false;
  private timers: NodeJS.Timeout[] = [];
  private idle: (() => void) | null = null;
  private readonly sends: ReturnType<Metrics['counter']>;

  constructor(
    @Inject(CommandStore) private readonly store: CommandStore,
    @Inject(Sender) private readonly sender: Sender,
    @Inject(LeaseBook) private readonly leases: LeaseBook,
    @Inject(AccountDirectory) private readonly directory: AccountDirectory,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Metrics) metrics: Metrics,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {
    this.sends = metrics.counter('huiliu_connector_commands_total', 'Commands that have ended.', ['kind']);
  }

  onApplicationBootstrap(): void {
    const sweep = (): void => this.wake();
    this.timers = [
      setInterval(sweep, SWEEP_MS),
      setInterval(
        () =>
          void this.store
            .prune()
            .catch((error: unknown) => this.logger.warn({ err: error }, 'old commands cannot be removed now')),
        PRUNE_EVERY_MS,
      ),
    ];
    for (const timer of this.timers) timer.unref();
    // What is left from before is judged once the accounts are known: whether a channel takes keys decides what becomes of it.
    void this.directory.ready.then(sweep);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearInterval(timer);
    for (const line of this.lines.values()) if (line.timer !== null) clearTimeout(line.timer);
    await this.sweeping;
    let late: NodeJS.Timeout | undefined;
    const idle = new Promise<void>((resolve) => (this.active === 0 ? resolve() : (this.idle = resolve)));
    await Promise.race([idle, new Promise((resolve) => (late = setTimeout(resolve, STOP_MS)))]);
    clearTimeout(late);
  }

  /** There may be something to do: new commands, new lanes. */
  wake(): void {
    if (this.stopping || !this.directory.isLoaded) return;
    if (this.sweeping !== null) {
      this.again = true;
      return;
    }
    this.sweeping = this.sweepAll().finally(() => (this.sweeping = null));
  }

  private async sweepAll(): Promise<void> {
    do {
      this.again = false;
      try {
        await this.balance();
        await this.load();
      } catch (error) {
        this.logger.warn({ err: error }, 'commands cannot be read now');
      }
    } while (this.again && !this.stopping);
  }

  /** Holds this process's part of the lanes, and those of the accounts whose connection it has. */
  private async balance(): Promise<void> {
    // New commands come often, new processes seldom.
    if (performance.now() - this.balancedAt < BALANCE_MS) return;
    for (const [lane, held] of this.lanes) if (held.signal.aborted) this.drop(lane);
    const part = Math.ceil(HASH_LANES / (await this.leases.members(GROUP)));
    const mine = [...this.lanes.keys()].filter((lane) => !isAccountLane(lane));
    for (const lane of mine.slice(part)) {
      // Only between two sends: what is under way ends here.
      if ([...this.lines.values()].some((line) => line.running && line.queue[0]?.lane === lane)) continue;
      this.drop(lane);
      await this.leases.release(leaseOf(lane));
    }
    for (let n = 0, count = mine.length; n < HASH_LANES && count < part; n++) {
      const lane = hashLane(n);
      if (this.lanes.has(lane)) continue;
      const held = await this.leases.take(leaseOf(lane));
      if (held !== null) this.lanes.set(lane, held);
      if (held !== null) count++;
    }
    if (this.options.connectors.some(({ definition }) => definition.ingress === 'socket')) {
      await this.followConnections();
      await this.ownOrphans();
    }
    this.balancedAt = performance.now();
  }

  private async followConnections(): Promise<void> {
    for (const account of this.directory.all()) {
      const lane = laneAccount(account.id);
      // The connection's own work takes this lease; sends only follow it.
      if (
        account.connector.definition.ingress !== 'socket' ||
        this.lanes.has(lane) ||
        !this.leases.holds(accountLease(account.id))
      )
        continue;
      const held = await this.leases.take(accountLease(account.id));
      if (held !== null) this.lanes.set(lane, held);
    }
  }

  /** What waits for an account that no process can connect (it was removed, its config does not fit) must still be told as failed. */
  private async ownOrphans(): Promise<void> {
    const waiting = new Set(await this.store.waitingLanes(...ACCOUNT_LANES));
    const connectable = (lane: string): boolean => (this.directory.get(accountOfLane(lane))?.config ?? null) !== null;
    for (const lane of [...this.orphans]) {
      if (waiting.has(lane) && !connectable(lane)) continue;
      this.orphans.delete(lane);
      this.drop(lane);
      await this.leases.release(accountLease(accountOfLane(lane)));
    }
    for (const lane of waiting) {
      if (this.lanes.has(lane) || connectable(lane)) continue;
      const held = await this.leases.take(accountLease(accountOfLane(lane)));
      if (held === null) continue;
      this.lanes.set(lane, held);
      this.orphans.add(lane);
    }
  }

  private async load(): Promise<void> {
    const room = MOST_IN_MEMORY - this.known.size;
    if (room <= 0) return;
    const pending = await this.store.pending([...this.lanes.keys()], MOST_IN_MEMORY * 2);
    const fresh = pending.filter((n) => !this.known.has(n)).slice(0, room);
    for (const command of await this.store.load(fresh)) {
      if (this.known.has(command.n) || !this.lanes.has(command.lane)) continue;
      this.known.add(command.n);
      const line = this.lines.get(command.conversationId) ?? { queue: [], running: false, timer: null };
      this.lines.set(command.conversationId, line);
      line.queue.push(command);
      if (line.queue.length === 1) this.later(line, command.notBeforeMs ?? 0);
    }
  }

  private later(line: Line, atMs: number): void {
    const delay = atMs - this.clock.now().getTime();
    if (delay <= 0) {
      this.ready.push(line);
      return this.pump();
    }
    line.timer = setTimeout(() => {
      line.timer = null;
      this.ready.push(line);
      this.pump();
    }, delay).unref();
  }

  private pump(): void {
    while (!this.stopping && this.active < (this.options.sendsAtOnce ?? MOST_AT_ONCE)) {
      const line = this.ready.shift();
      if (line === undefined) return;
      if (line.running || line.queue.length === 0) continue;
      line.running = true;
      this.active++;
      void this.runFirst(line).then((atMs) => {
        line.running = false;
        this.active--;
        if (this.active === 0) this.idle?.();
        if (atMs !== null && !this.stopping) this.later(line, atMs);
        this.pump();
      });
    }
  }

  /** One step of the conversation's first command. Answers when its line goes on, or null when nothing of it waits. Never throws. */
  private async runFirst(line: Line): Promise<number | null> {
    const command = line.queue[0] as StoredCommand;
    const held = this.lanes.get(command.lane);
    if (held === undefined) {
      this.forget(line, command);
      return null;
    }
    let atMs = 0;
    try {
      const stepped =
        command.state === 'sending' ? await this.sender.recover(command, held) : await this.sender.step(command, held);
      if (!stepped.ended) atMs = stepped.atMs;
      else {
        this.sends.inc({ kind: command.order.kind });
        line.queue.shift();
        this.known.delete(command.n);
      }
    } catch (error) {
      if (error instanceof StaleLease || held.signal.aborted) {
        this.drop(command.lane);
        return null;
      }
      // A command in `sending` whose end could not be written stays so: after the trouble it is `unknown`.
      this.logger.warn({ err: error }, 'a command could not be carried on');
      atMs = this.clock.now().getTime() + AFTER_TROUBLE_MS;
    }
    const next = line.queue[0];
    if (next === undefined) {
      this.lines.delete(command.conversationId);
      return null;
    }
    return Math.max(atMs, next === command ? 0 : (next.notBeforeMs ?? 0));
  }

  private forget(line: Line, command: StoredCommand): void {
    for (const one of line.queue) this.known.delete(one.n);
    line.queue.length = 0;
    if (line.timer !== null) clearTimeout(line.timer);
    this.lines.delete(command.conversationId);
  }

  /** The lane is another process's now: forget what waits in it. */
  private drop(lane: string): void {
    this.lanes.delete(lane);
    for (const line of [...this.lines.values()]) if (line.queue[0]?.lane === lane) this.forget(line, line.queue[0]);
  }
}

const leaseOf = (lane: string): string => `outbound/${lane}`;
