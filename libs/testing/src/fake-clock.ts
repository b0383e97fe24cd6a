import { Clock } from '@huiliu/storage';

/** A clock that stands until it is moved. */
export class FakeClock extends Clock {
  constructor(private at = new Date('2026-11-23T12:00:00.000Z')) {
    super();
  }

  now(): Date {
    return new Date(this.at);
  }

  /** Moves on by so many milliseconds. */
  advance(ms: number): void {
    this.at = new Date(this.at.getTime() + ms);
  }

  set(at: Date | string): void {
    this.at = new Date(at);
  }
}
