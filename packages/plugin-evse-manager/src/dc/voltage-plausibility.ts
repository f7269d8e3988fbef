// SPDX-License-Identifier: Apache-2.0

/** Devices that measure the output voltage. */
export type VoltageSource = 'powerSupply' | 'meter' | 'isolationMonitor' | 'overVoltageMonitor';

/** A sample older than this is not compared any more. */
const SAMPLE_AGE_MS = 3000;

/** The sources disagree. */
export interface Implausible {
  readonly spreadV: number;
}

/** Compares the voltages of all sources during the charge loop. */
export class VoltagePlausibility {
  readonly #samples = new Map<VoltageSource, { voltageV: number; atMs: number }>();
  #active = false;
  #faulted = false;
  #apartSinceMs: number | undefined;

  constructor(
    private readonly thresholdV: number,
    private readonly durationMs: number,
  ) {}

  start(): void {
    this.reset();
    this.#active = true;
  }

  stop(): void {
    this.#active = false;
    this.#apartSinceMs = undefined;
  }

  reset(): void {
    this.#samples.clear();
    this.#faulted = false;
    this.#apartSinceMs = undefined;
  }

  /** When {@link VoltagePlausibility.check} has to be called, undefined while the sources agree. */
  get deadlineMs(): number | undefined {
    return this.#apartSinceMs === undefined ? undefined : this.#apartSinceMs + this.durationMs;
  }

  measure(source: VoltageSource, voltageV: number, nowMs: number): Implausible | undefined {
    if (!this.#active) return undefined;
    this.#samples.set(source, { voltageV, atMs: nowMs });
    return this.check(nowMs);
  }

  check(nowMs: number): Implausible | undefined {
    if (!this.#active || this.#faulted) return undefined;
    const spreadV = this.#spread(nowMs);
    if (spreadV <= this.thresholdV) {
      this.#apartSinceMs = undefined;
      return undefined;
    }
    this.#apartSinceMs ??= nowMs;
    if (nowMs - this.#apartSinceMs < this.durationMs) return undefined;
    this.#faulted = true;
    this.#apartSinceMs = undefined;
    return { spreadV };
  }

  #spread(nowMs: number): number {
    const fresh = [...this.#samples.values()].filter((s) => nowMs - s.atMs <= SAMPLE_AGE_MS);
    if (fresh.length < 2) return 0;
    const volts = fresh.map((s) => s.voltageV);
    return Math.max(...volts) - Math.min(...volts);
  }
}
