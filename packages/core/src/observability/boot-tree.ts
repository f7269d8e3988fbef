// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';

/** One step of a start and the steps inside of it. */
export interface BootStep {
  readonly name: string;
  /** Milliseconds after the start of the whole. */
  readonly startMs: number;
  /** Undefined while it is not finished. */
  readonly durationMs: number | undefined;
  readonly failed: boolean;
  readonly steps: readonly BootStep[];
}

/** Measures what a start spends its time on. */
export class BootTimer implements BootStep {
  readonly startMs: number;
  durationMs: number | undefined;
  failed = false;
  readonly steps: BootTimer[] = [];

  constructor(
    readonly name: string,
    private readonly clock: Clock,
    private readonly originMs = clock.monotonic(),
  ) {
    this.startMs = clock.monotonic() - originMs;
  }

  /** A step inside of this one. */
  step(name: string): BootTimer {
    const step = new BootTimer(name, this.clock, this.originMs);
    this.steps.push(step);
    return step;
  }

  /** Measures `work` as a step inside of this one. */
  async measure<T>(name: string, work: (timer: BootTimer) => T | Promise<T>): Promise<T> {
    const step = this.step(name);
    try {
      return await work(step);
    } catch (thrown) {
      step.failed = true;
      throw thrown;
    } finally {
      step.end();
    }
  }

  end(): void {
    this.durationMs ??= this.clock.monotonic() - this.originMs - this.startMs;
  }
}

/** The tree as text, one step a line, the slowest of each level first. */
export function formatBootTree(step: BootStep, indent = ''): string {
  const duration = step.durationMs === undefined ? 'unfinished' : `${step.durationMs.toFixed(1)} ms`;
  const line = `${indent}${step.name}  ${duration}${step.failed ? '  failed' : ''}`;
  const inner = [...step.steps].sort((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0));
  return [line, ...inner.map((child) => formatBootTree(child, `${indent}  `))].join('\n');
}
