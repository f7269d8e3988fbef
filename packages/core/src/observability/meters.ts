// SPDX-License-Identifier: Apache-2.0

/** Upper bounds of the latency classes, in milliseconds. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  0.01, 0.1, 0.5, 1, 5, 10, 50, 100, 500, 1_000, 5_000, 30_000, 300_000,
];

/** Counts of one command; plain numbers, since this is on the path of every call. */
export class CommandMeter {
  calls = 0;
  errors = 0;
  latencySumMs = 0;
  queueLength = 0;
  /** Calls for each class of {@link LATENCY_BOUNDS_MS}, and those beyond the last. */
  readonly latencyClasses: number[] = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);

  answered(latencyMs: number): void {
    this.calls += 1;
    this.latencySumMs += latencyMs;
    let index = 0;
    while (index < LATENCY_BOUNDS_MS.length && latencyMs > (LATENCY_BOUNDS_MS[index] ?? 0)) index += 1;
    this.latencyClasses[index] = (this.latencyClasses[index] ?? 0) + 1;
  }

  failed(latencyMs: number): void {
    this.errors += 1;
    this.answered(latencyMs);
  }

  queued(length: number): void {
    this.queueLength = length;
  }
}

/** Counts of one variable at its publisher. */
export class VariableMeter {
  published = 0;
  refused = 0;
}
