// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';

/** Turns of the event loop that work without input or output needs at most between two timers. */
const TURNS = 20;
/** Real time that sockets and files get before virtual time is moved, milliseconds. */
const IO_PATIENCE_MS = 25;
/** How often a condition is looked at in real time, milliseconds. */
const POLL_MS = 2;

/** What Node lists as active and what does not bring anything by itself. */
const NO_IO = new Set(['Timeout', 'Immediate', 'TTYWrap', 'PipeWrap', 'SignalWrap']);

/** True while the process has sockets, servers or file requests open. */
function ioIsOpen(): boolean {
  return process.getActiveResourcesInfo().some((resource) => !NO_IO.has(resource));
}

/** Work did not end, or a condition did not come true, in time. */
export class DeadlineError extends Error {
  readonly code = 'TESTKIT_DEADLINE';
  override readonly name = 'DeadlineError';
}

/** Moves a clock along: a virtual one by hand, any other by waiting. */
export class PassageOfTime {
  constructor(private readonly clock: Clock) {}

  async advance(ms: number): Promise<void> {
    if (this.clock instanceof VirtualClock) await this.clock.advance(ms);
    else await this.clock.sleep(ms);
  }

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /**
   * Lets time pass until `condition` holds. With a virtual clock, sockets and files get a little real time before each
   * step.
   *
   * @returns the milliseconds it took on the clock
   * @throws DeadlineError when it does not hold within `limitMs`
   */
  async until(condition: () => boolean, limitMs: number, what = 'the condition'): Promise<number> {
    const startMs = this.clock.monotonic();
    const elapsedMs = (): number => this.clock.monotonic() - startMs;
    for (;;) {
      await this.settle();
      if (condition()) return elapsedMs();
      if (await this.#inRealTime(condition)) return elapsedMs();
      if (elapsedMs() >= limitMs) throw new DeadlineError(`${what} did not hold within ${limitMs} ms`);
      await this.#step(limitMs - elapsedMs());
    }
  }

  /**
   * Lets time pass until `work` ends.
   *
   * @throws what `work` throws; DeadlineError when it does not end within `limitMs`
   */
  async finish<T>(work: PromiseLike<T> | T, limitMs: number, what = 'the work'): Promise<T> {
    let ended = false;
    const watched = Promise.resolve(work).finally(() => (ended = true));
    watched.catch(() => undefined);
    await this.until(() => ended, limitMs, what);
    return await watched;
  }

  async #inRealTime(condition: () => boolean): Promise<boolean> {
    if (!(this.clock instanceof VirtualClock) || !ioIsOpen()) return false;
    const endMs = systemClock.monotonic() + IO_PATIENCE_MS;
    while (systemClock.monotonic() < endMs) {
      await systemClock.sleep(1);
      if (condition()) return true;
    }
    return false;
  }

  async #step(remainingMs: number): Promise<void> {
    if (!(this.clock instanceof VirtualClock)) {
      await this.clock.sleep(Math.min(POLL_MS, remainingMs));
      return;
    }
    const clock = this.clock;
    const beforeMs = clock.monotonic();
    const limit = clock.setTimeout(() => undefined, remainingMs);
    await clock.advanceToNext();
    limit.cancel();
    if (clock.monotonic() === beforeMs) await this.settle();
  }
}
