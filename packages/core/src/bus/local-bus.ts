// SPDX-License-Identifier: Apache-2.0
import type { RaisedError, Subscription } from '../contract/index.js';
import { NotReady, toError } from '../exceptions/index.js';
import { subscription } from '../lifecycle/subscription.js';
import { runOutside } from '../containment/activity.js';
import type {
  AttachedModule,
  Attachment,
  Bus,
  CommandEntry,
  Connection,
  ConnectionListener,
  ConnectionRequest,
} from './bus.js';
import { Fifo } from './fifo.js';

/** Deliveries in one go before the event loop gets its turn: modules that answer each other must not starve it. */
const DELIVERIES_PER_TURN = 1_000;

/** The bus of one process: a call is a call, a publication one queued hop. */
export class LocalBus implements Bus {
  readonly #modules = new Map<string, AttachedModule>();
  readonly #listeners = new Map<string, Set<ConnectionListener>>();
  readonly #errorWatchers = new Set<(error: RaisedError) => void>();
  readonly #deliveries = new Fifo<() => void>();
  #scheduled = false;

  attach(module: AttachedModule): Attachment {
    if (this.#modules.has(module.id)) throw new Error(`module ${module.id} is attached already`);
    this.#modules.set(module.id, module);
    const listeners: { [implementation: string]: Set<ConnectionListener> } = {};
    for (const implementation of Object.keys(module.implementations))
      listeners[implementation] = this.#listenersOf(module.id, implementation);
    return {
      boundary: false,
      publish: (implementation, variable, value) => {
        const connected = listeners[implementation];
        if (connected === undefined || connected.size === 0) return;
        this.#deliver(() => {
          for (const listener of connected) listener.variable(variable, value);
        });
      },
      error: (implementation, error) => {
        const connected = listeners[implementation];
        this.#deliver(() => {
          for (const listener of connected ?? []) listener.error(error);
          for (const watcher of this.#errorWatchers) watcher(error);
        });
      },
      detach: () => {
        if (this.#modules.get(module.id) === module) this.#modules.delete(module.id);
      },
    };
  }

  /** True for modules that are attached now. */
  has(moduleId: string): boolean {
    return this.#modules.has(moduleId);
  }

  connect(request: ConnectionRequest): Connection {
    const { moduleId, implementationId } = request.target;
    const listeners = this.#listenersOf(moduleId, implementationId);
    const ignored = new Set(request.ignoredVariables ?? []);
    const listener: ConnectionListener = {
      variable: (name, value) => {
        if (!ignored.has(name)) request.listener.variable(name, value);
      },
      error: (error) => {
        if (request.ignoreErrors !== true) request.listener.error(error);
      },
    };
    listeners.add(listener);
    const module = this.#modules.get(moduleId);
    return {
      boundary: false,
      activeErrors: request.ignoreErrors === true ? [] : (module?.activeErrors(implementationId) ?? []),
      command: (name) => this.#entry(moduleId, implementationId, name),
      close: () => void listeners.delete(listener),
    };
  }

  watchErrors(_consumer: string, listener: (error: RaisedError) => void): Subscription {
    this.#errorWatchers.add(listener);
    return subscription(() => void this.#errorWatchers.delete(listener));
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#modules.clear();
    this.#listeners.clear();
    this.#errorWatchers.clear();
    return Promise.resolve();
  }

  #entry(moduleId: string, implementation: string, command: string): CommandEntry {
    const known = this.#modules.get(moduleId)?.entry(implementation, command);
    if (known !== undefined) return known;
    return async (args, caller) => {
      const entry = this.#modules.get(moduleId)?.entry(implementation, command);
      if (entry === undefined)
        throw new NotReady(`module ${moduleId} does not serve ${implementation}.${command}`);
      return await entry(args, caller);
    };
  }

  #listenersOf(moduleId: string, implementation: string): Set<ConnectionListener> {
    const key = `${moduleId}/${implementation}`;
    let listeners = this.#listeners.get(key);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(key, listeners);
    }
    return listeners;
  }

  #deliver(delivery: () => void): void {
    this.#deliveries.push(delivery);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Outside of the publisher's activity, which must not be blamed for what its subscribers do.
    runOutside(() => queueMicrotask(this.#drain));
  }

  readonly #drain = (): void => {
    for (let count = 0; count < DELIVERIES_PER_TURN; count += 1) {
      const delivery = this.#deliveries.shift();
      if (delivery === undefined) {
        this.#scheduled = false;
        return;
      }
      try {
        delivery();
      } catch (thrown) {
        // One that fails must not end the deliveries of all.
        setImmediate(() => {
          throw toError(thrown);
        });
      }
    }
    setImmediate(this.#drain);
  };
}
