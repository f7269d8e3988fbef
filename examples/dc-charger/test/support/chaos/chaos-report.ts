// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';

const KEPT = 250;

/** What happened in a run, for whoever has to find out why it failed. */
export class ChaosReport {
  readonly violations: string[] = [];
  readonly #beginMs = systemClock.monotonic();
  readonly #trail: string[] = [];
  readonly #log: string[] = [];
  readonly #trailAtViolation: string[] = [];
  readonly faults: string[] = [];

  constructor(readonly seed: number) {}

  get elapsedMs(): number {
    return systemClock.monotonic() - this.#beginMs;
  }

  happened(what: string): void {
    keep(this.#trail, `${this.#stamp()} ${what}`);
  }

  fault(what: string): void {
    this.faults.push(`${this.#stamp()} #${this.faults.length + 1} ${what}`);
    this.happened(`FAULT ${what}`);
  }

  logged(line: string): void {
    keep(this.#log, line);
  }

  violated(what: string): void {
    this.violations.push(`${this.#stamp()} ${what}`);
    this.happened(`VIOLATION ${what}`);
    if (this.violations.length === 1) this.#trailAtViolation.push(...this.#trail);
  }

  get text(): string {
    return [
      `seed ${this.seed}: ${this.violations.length} violations after ${this.faults.length} faults`,
      ...this.violations.slice(0, 20),
      '',
      'Faults:',
      ...this.faults,
      '',
      'What happened before the first of them:',
      ...(this.#trailAtViolation.length > 0 ? this.#trailAtViolation : this.#trail),
      '',
      'Last lines of the log:',
      ...this.#log.slice(-60).map((line) => line.slice(0, 400)),
    ].join('\n');
  }

  #stamp(): string {
    return `${(this.elapsedMs / 1000).toFixed(2).padStart(7)} s`;
  }
}

function keep(list: string[], item: string): void {
  list.push(item);
  if (list.length > KEPT) list.shift();
}
