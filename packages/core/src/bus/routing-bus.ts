// SPDX-License-Identifier: Apache-2.0
import type { RaisedError, Subscription } from '../contract/index.js';
import { subscription } from '../lifecycle/subscription.js';
import type { AttachedModule, Attachment, Bus, Connection, ConnectionRequest } from './bus.js';

/** Which way a {@link RoutingBus} sends what. */
export interface Routes {
  /** True for modules of this process. */
  isLocal(moduleId: string): boolean;
  /** True for modules of this process that somebody elsewhere listens to or calls. */
  isExported(moduleId: string): boolean;
}

/** Joins the bus of this process with one that leads out of it: the short way where both ends are here. */
export class RoutingBus implements Bus {
  constructor(
    private readonly local: Bus,
    private readonly remote: Bus,
    private readonly routes: Routes,
  ) {}

  attach(module: AttachedModule): Attachment {
    const inside = this.local.attach(module);
    if (!this.routes.isExported(module.id)) return inside;
    const outside = this.remote.attach(module);
    return {
      boundary: outside.boundary,
      publish: (implementation, variable, value) => {
        inside.publish(implementation, variable, value);
        outside.publish(implementation, variable, value);
      },
      error: (implementation, error) => {
        inside.error(implementation, error);
        outside.error(implementation, error);
      },
      detach: async () => {
        await inside.detach();
        await outside.detach();
      },
    };
  }

  connect(request: ConnectionRequest): Connection {
    return this.routes.isLocal(request.target.moduleId)
      ? this.local.connect(request)
      : this.remote.connect(request);
  }

  watchErrors(consumer: string, listener: (error: RaisedError) => void): Subscription {
    const inside = this.local.watchErrors(consumer, listener);
    const outside = this.remote.watchErrors(consumer, (error) => {
      // A broker hands a process its own messages, too; those came the short way already.
      if (!this.routes.isLocal(error.origin.module_id)) listener(error);
    });
    return subscription(() => {
      inside.unsubscribe();
      outside.unsubscribe();
    });
  }

  async settled(): Promise<void> {
    await this.local.settled();
    await this.remote.settled();
  }

  async close(): Promise<void> {
    await this.local.close();
    await this.remote.close();
  }
}
