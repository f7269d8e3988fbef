// SPDX-License-Identifier: Apache-2.0
import type { ModuleScope } from '../containment/module-scope.js';
import type { ConfigValue, ExternalMqtt, Subscription, Telemetry } from '../contract/index.js';
import { HandlerQueue } from '../bus/handler-queue.js';
import type { TelemetryMessage } from '../lifecycle/remote-modules.js';
import type { QueueReport } from '../bus/queue-report.js';
import { toError } from '../exceptions/index.js';
import { subscription } from '../lifecycle/subscription.js';
import type { MqttLink } from './mqtt-link.js';

/** A module's share of the external broker: its handlers are attributed to it and end with it. */
export class ModuleMqtt implements ExternalMqtt {
  /** @param prefix - put before every topic */
  constructor(
    private readonly link: MqttLink,
    private readonly scope: ModuleScope,
    private readonly prefix: string,
    private readonly queues: QueueReport,
  ) {}

  get connected(): boolean {
    return this.link.connected;
  }

  async publish(
    topic: string,
    payload: string | Uint8Array,
    options?: { readonly retain?: boolean },
  ): Promise<void> {
    await this.link.publish(this.prefix + topic, payload, { qos: 2, retain: options?.retain ?? false });
  }

  async subscribe(
    topic: string,
    handler: (payload: string, topic: string) => void | Promise<void>,
  ): Promise<Subscription> {
    const { scope } = this;
    const queue = new HandlerQueue<{ readonly payload: string; readonly from: string }>(
      scope,
      `external ${topic} for ${scope.moduleId}`,
      this.queues,
      ({ payload, from }) => handler(payload, from),
      false,
    );
    const inner = await this.link.subscribe(this.prefix + topic, (payload, from) =>
      queue.push({ payload, from: from.slice(this.prefix.length) }),
    );
    const outer = subscription(() => {
      forget();
      queue.close();
      inner.unsubscribe();
    });
    const forget = scope.undo.add(() => outer.unsubscribe());
    return outer;
  }
}

/** A module's telemetry: flat values under the telemetry prefix, as EVerest sends them. */
export class ModuleTelemetry implements Telemetry {
  /**
   * @param id - telemetry id of the module in the composition
   * @param prefix - with its slash
   * @param message - makes the message of the values as JSON
   */
  constructor(
    private readonly link: MqttLink,
    private readonly scope: ModuleScope,
    private readonly id: number,
    private readonly prefix: string,
    private readonly message: (json: string) => TelemetryMessage,
  ) {}

  publish(category: string, subcategory: string, values: { readonly [key: string]: ConfigValue }): void {
    const { payload, qos } = this.message(
      JSON.stringify({
        ...values,
        timestamp: new Date(this.scope.clock.now()).toISOString(),
        connector_id: this.id,
        type: subcategory,
      }),
    );
    this.link
      .publish(`${this.prefix}${category}/${this.id}/${subcategory}`, payload, { qos, retain: false })
      .catch((thrown: unknown) => {
        this.scope.log.warn('telemetry was not sent', { err: toError(thrown) });
      });
  }
}
