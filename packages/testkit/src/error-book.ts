// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Clock } from '@carabiner/clock';
import type {
  ErrorHandlers,
  ErrorMonitor,
  ErrorOrigin,
  ErrorRaiser,
  ErrorReport,
  InterfaceDescriptor,
  RaisedError,
  Subscription,
} from '@carabiner/core';
import { subscription } from './subscription.js';

/** What an {@link ErrorBook} needs to know of its implementation. */
export interface ErrorBookOptions {
  readonly interface: InterfaceDescriptor;
  readonly origin: ErrorOrigin;
  readonly clock: Clock;
  readonly onRaised: (error: RaisedError) => void;
  readonly onCleared: (error: RaisedError) => void;
  /** Somebody raised a type that the interface does not list. */
  readonly onUnlisted: (type: string) => void;
  /** Runs the subscribers: at once, or outside of the raiser's stack. */
  readonly deliver: (run: () => void) => void;
  /** A subscriber threw. */
  readonly onHandlerError: (error: unknown) => void;
}

/** The errors of one implementation, seen from both ends: raising, and watching. */
export class ErrorBook implements ErrorRaiser {
  readonly #active: RaisedError[] = [];
  readonly #watchers = new Set<{ readonly type: string; readonly handlers: ErrorHandlers }>();
  /** The consumer's end. */
  readonly monitor: ErrorMonitor;

  constructor(private readonly options: ErrorBookOptions) {
    const isActive = (type: string, subType?: string): boolean => this.isActive(type, subType);
    const active = (): readonly RaisedError[] => this.active;
    this.monitor = {
      subscribe: (type, handlers) => this.watch(type, handlers),
      isActive,
      get active() {
        return active();
      },
    };
  }

  get active(): readonly RaisedError[] {
    return [...this.#active];
  }

  isActive(type: string, subType = ''): boolean {
    return this.#active.some((error) => error.type === type && error.sub_type === subType);
  }

  raise(report: ErrorReport): RaisedError | undefined {
    const listed = this.options.interface.errors.find((error) => error.type === report.type);
    if (listed === undefined) {
      this.options.onUnlisted(report.type);
      return undefined;
    }
    const subType = report.subType ?? '';
    const present = this.#active.find((error) => error.type === report.type && error.sub_type === subType);
    if (present !== undefined) return present;
    const error: RaisedError = {
      type: report.type,
      sub_type: subType,
      description: report.description ?? listed.description,
      message: report.message,
      severity: report.severity ?? 'Low',
      origin: this.options.origin,
      timestamp: new Date(this.options.clock.now()).toISOString(),
      uuid: randomUUID(),
      state: 'Active',
      vendor_id: report.vendorId ?? 'carabiner',
    };
    this.#active.push(error);
    this.options.onRaised(error);
    this.#tell(error, 'raised');
    return error;
  }

  clear(type: string, subType = ''): void {
    this.#remove((error) => error.type === type && error.sub_type === subType);
  }

  clearAllOf(type: string): void {
    this.#remove((error) => error.type === type);
  }

  clearAll(): void {
    this.#remove(() => true);
  }

  /** Calls the handlers at each later raise and clear of `type`. */
  watch(type: string, handlers: ErrorHandlers): Subscription {
    const watcher = { type, handlers };
    this.#watchers.add(watcher);
    return subscription(() => this.#watchers.delete(watcher));
  }

  #remove(matches: (error: RaisedError) => boolean): void {
    for (const error of this.#active.filter(matches)) {
      this.#active.splice(this.#active.indexOf(error), 1);
      const cleared: RaisedError = { ...error, state: 'ClearedByModule' };
      this.options.onCleared(cleared);
      this.#tell(cleared, 'cleared');
    }
  }

  #tell(error: RaisedError, what: 'raised' | 'cleared'): void {
    for (const watcher of [...this.#watchers]) {
      if (watcher.type !== '*' && watcher.type !== error.type) continue;
      this.options.deliver(() => {
        try {
          if (this.#watchers.has(watcher)) watcher.handlers[what]?.(error);
        } catch (failure) {
          this.options.onHandlerError(failure);
        }
      });
    }
  }
}
