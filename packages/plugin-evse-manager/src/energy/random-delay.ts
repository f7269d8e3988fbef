// SPDX-License-Identifier: Apache-2.0

/** What is published with each grant while the delay is on. */
export interface Countdown {
  readonly countdown_s: number;
  readonly current_limit_after_delay_A: number;
  readonly current_limit_during_delay_A: number;
  readonly start_time?: string;
}

const CHANGE_A = 0.1;
/** A vehicle that is plugged in at start-up begins with a delay if its state is reached within this time. */
const AFTER_START_MS = 5000;

/** Random delay of changes of the limit, UK Electric Vehicles (Smart Charge Points) Regulations 2021. */
export class RandomDelay {
  #limitA = 0;
  #running: { readonly endMs: number; readonly startedAt: string; readonly duringA: number } | undefined;
  #readyMs: number | undefined;

  constructor(
    public enabled: boolean,
    public maximumS: number,
    private readonly atAnyChange: boolean,
    private readonly random: () => number = Math.random,
  ) {}

  ready(nowMs: number): void {
    this.#readyMs = nowMs;
  }

  enable(): void {
    this.enabled = true;
    this.cancel();
  }

  disable(): void {
    this.enabled = false;
    this.cancel();
  }

  /** Ends a delay; the next grant counts. */
  cancel(): void {
    if (this.#running !== undefined) this.#running = { ...this.#running, endMs: Number.NEGATIVE_INFINITY };
  }

  /**
   * The limit to apply for a granted one.
   *
   * @param engaged - the session is in a state in which delays are kept
   * @param nowMs - monotonic
   * @param wallMs - wall clock, for `start_time`
   */
  limit(
    grantedA: number,
    engaged: boolean,
    nowMs: number,
    wallMs: number,
  ): { currentA: number; countdown: Countdown | undefined } {
    if (!this.enabled) {
      this.#running = undefined;
      this.#limitA = grantedA;
      return { currentA: grantedA, countdown: undefined };
    }
    const running = this.#running;
    if (running === undefined) return this.#idle(grantedA, nowMs, wallMs);
    const cancelled = running.endMs === Number.NEGATIVE_INFINITY;
    if (cancelled || !engaged) {
      this.#running = undefined;
      this.#limitA = grantedA;
      if (cancelled) this.#readyMs = undefined;
      return { currentA: grantedA, countdown: countdown(0, grantedA, running.duringA) };
    }
    const leftS = Math.max(0, Math.ceil((running.endMs - nowMs) / 1000));
    if (leftS === 0) {
      // This grant still gets the limit from before; what it grants is no change for the next one.
      this.#running = undefined;
      this.#limitA = grantedA;
      this.#readyMs = undefined;
    }
    return {
      currentA: running.duringA,
      countdown: countdown(leftS, grantedA, running.duringA, running.startedAt),
    };
  }

  #idle(
    grantedA: number,
    nowMs: number,
    wallMs: number,
  ): { currentA: number; countdown: Countdown | undefined } {
    const afterStart = this.#readyMs !== undefined && nowMs - this.#readyMs <= AFTER_START_MS;
    const duringA = this.#limitA;
    const changed = this.atAnyChange
      ? Math.abs(grantedA - duringA) > CHANGE_A
      : grantedA > CHANGE_A !== duringA > CHANGE_A;
    if (!changed && !(afterStart && grantedA > CHANGE_A)) {
      this.#limitA = grantedA;
      return { currentA: grantedA, countdown: undefined };
    }
    const seconds = Math.floor(this.random() * this.maximumS);
    const startedAt = new Date(wallMs).toISOString();
    this.#running = { endMs: nowMs + seconds * 1000, startedAt, duringA };
    return { currentA: duringA, countdown: countdown(seconds, grantedA, duringA, startedAt) };
  }
}

function countdown(seconds: number, afterA: number, duringA: number, startedAt?: string): Countdown {
  return {
    countdown_s: seconds,
    current_limit_after_delay_A: afterA,
    current_limit_during_delay_A: duringA,
    ...(startedAt === undefined ? {} : { start_time: startedAt }),
  };
}
