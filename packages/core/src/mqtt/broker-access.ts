// SPDX-License-Identifier: Apache-2.0
import type { ExternalMqttSettings, Settings } from '../composition/settings.js';
import type { ModuleScope } from '../containment/module-scope.js';
import type { ExternalMqtt, Logger, Telemetry } from '../contract/index.js';
import type { RemoteModules } from '../lifecycle/remote-modules.js';
import type { QueueReport } from '../bus/queue-report.js';
import { everestBroker } from './everest-broker.js';
import { ModuleMqtt, ModuleTelemetry } from './module-mqtt.js';
import type { MqttLink } from './mqtt-link.js';

/** The way of a runtime's modules to the external broker. Nothing is connected before the first module asks. */
export class BrokerAccess {
  readonly #settings: ExternalMqttSettings | undefined;
  #linkClass: typeof MqttLink | undefined;
  #link: MqttLink | undefined;

  /**
   * @param folder - that file names in the settings are relative to
   * @param remote - knows how telemetry travels in its system
   */
  constructor(
    private readonly all: Settings,
    private readonly folder: string,
    private readonly log: Logger,
    private readonly queues: QueueReport,
    private readonly remote: Pick<RemoteModules, 'telemetry'> | undefined,
  ) {
    this.#settings = all.carabiner.externalMqtt ?? everestSettings(all);
  }

  /** Loads the MQTT client, which most modules do without, if the composition names a broker. */
  async prepare(): Promise<void> {
    if (this.#settings === undefined) return;
    this.#linkClass = (await import('./mqtt-link.js')).MqttLink;
  }

  /** Undefined when the composition names no broker. */
  externalMqttOf(scope: ModuleScope): ExternalMqtt | undefined {
    const link = this.#open();
    return link === undefined ? undefined : new ModuleMqtt(link, scope, this.#prefix, this.queues);
  }

  /** Undefined when telemetry is not switched on, or the module has no telemetry id. */
  telemetryOf(scope: ModuleScope, telemetryId: number | undefined): Telemetry | undefined {
    if (telemetryId === undefined || this.all.everest['telemetry_enabled'] !== true) return undefined;
    const link = this.#open();
    const prefix = String(this.all.everest['telemetry_prefix'] ?? 'everest-telemetry');
    return link === undefined
      ? undefined
      : new ModuleTelemetry(
          link,
          scope,
          telemetryId,
          prefix.endsWith('/') ? prefix : `${prefix}/`,
          (json) => this.remote?.telemetry?.(json) ?? { payload: json, qos: 0 },
        );
  }

  async close(): Promise<void> {
    await this.#link?.close();
    this.#link = undefined;
  }

  get #prefix(): string {
    return String(this.all.everest['mqtt_external_prefix'] ?? '');
  }

  #open(): MqttLink | undefined {
    const settings = this.#settings;
    const Link = this.#linkClass;
    if (settings === undefined || Link === undefined) return undefined;
    const { will } = settings;
    this.#link ??= new Link(
      { ...settings, will: will === undefined ? undefined : { ...will, topic: this.#prefix + will.topic } },
      this.folder,
      this.log,
    );
    return this.#link;
  }
}

/** The broker of EVerest's own settings, if there is one. */
function everestSettings(all: Settings): ExternalMqttSettings | undefined {
  const broker = everestBroker(all);
  if (broker === undefined) return undefined;
  return {
    url: 'socketPath' in broker ? `unix://${broker.socketPath}` : `mqtt://${broker.host}:${broker.port}`,
    username: undefined,
    passwordEnv: undefined,
    clientId: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: undefined,
    queueLimit: 1_000,
    will: undefined,
  };
}
