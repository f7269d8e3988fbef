// SPDX-License-Identifier: Apache-2.0
import type { RaisedError, Subscription } from '@carabiner/core';
import {
  LocalBus,
  type AttachedModule,
  type Attachment,
  type Bus,
  type Connection,
  type ConnectionRequest,
} from '@carabiner/core/bus';

/** What goes over a wire: JSON, and no earlier than the next turn of the event loop. */
async function overTheWire(value: unknown): Promise<unknown> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** A bus between processes, without processes: everything is copied, late, and not believed. */
export class BoundaryBus implements Bus {
  readonly #modules = new Map<string, AttachedModule>();
  readonly #inner = new LocalBus();

  attach(module: AttachedModule): Attachment {
    this.#modules.set(module.id, module);
    return { ...this.#inner.attach(module), boundary: true };
  }

  connect(request: ConnectionRequest): Connection {
    const { moduleId, implementationId } = request.target;
    return {
      ...this.#inner.connect(request),
      boundary: true,
      activeErrors: [],
      command: (name) => async (args, caller) => {
        const given = await overTheWire(args);
        const module = this.#modules.get(moduleId);
        // Nobody is subscribed: no answer ever.
        if (module === undefined) return await new Promise(() => undefined);
        return await overTheWire(
          await module.invoke(implementationId, name, given, { origin: caller.origin }),
        );
      },
    };
  }

  watchErrors(consumer: string, listener: (error: RaisedError) => void): Subscription {
    return this.#inner.watchErrors(consumer, listener);
  }

  /** The process of the module is gone; nobody answers its calls any more. */
  forget(moduleId: string): void {
    this.#modules.delete(moduleId);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
