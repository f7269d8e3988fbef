// SPDX-License-Identifier: Apache-2.0
import type { Clock, TimeoutOptions, Timer } from '@carabiner/clock';
import type { ModuleScope } from '../containment/module-scope.js';
import { toError } from '../exceptions/index.js';

/** A module's clock: its timers end with the module, and what a callback throws is put down to the module. */
export class ScopedClock implements Clock {
  constructor(
    private readonly clock: Clock,
    private readonly scope: ModuleScope,
  ) {}

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  setTimeout(callback: () => void, delayMs: number, options?: TimeoutOptions): Timer {
    const timer = this.clock.setTimeout(
      () => {
        forget();
        void this.scope.guard(`${this.scope.moduleId}.timer`, callback, 'crashed');
      },
      delayMs,
      options,
    );
    const forget = this.scope.undo.add(() => timer.cancel());
    return {
      cancel: () => {
        forget();
        timer.cancel();
      },
    };
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    const timer = this.clock.setInterval(() => {
      void this.scope.guard(`${this.scope.moduleId}.interval`, callback, 'crashed');
    }, periodMs);
    const forget = this.scope.undo.add(() => timer.cancel());
    return {
      cancel: () => {
        forget();
        timer.cancel();
      },
    };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => (): void => {
        timer.cancel();
        forget();
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const abort = finish(() => reject(toError(signal?.reason)));
      const timer = this.clock.setTimeout(
        finish(() => resolve()),
        delayMs,
      );
      const forget = this.scope.undo.add(finish(() => reject(toError(this.scope.signal.reason))));
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
