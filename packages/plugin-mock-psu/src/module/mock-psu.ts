// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import { loadTlsCredentials, type TlsCredentials } from '@carabiner/fusioncharge';
import { MemoryNetwork, openPacketLink, openUdpLink, type EthernetLink } from '@carabiner/goose';
import { join } from 'node:path';
import { CERTIFICATE_FILES } from '../certificate-files.js';
import { fromFaultJson, toFaultJson } from '../faults/fault-messages.js';
import { activeFaultsText, FAULT_TOPICS, handleFaultMessage } from '../faults/fault-topics.js';
import {
  MockPsuBase,
  MockPsuTokens,
  type MockPsuContext,
  type MockPsuImplementations,
} from '../generated/MockPsu.js';
import { MockPowerUnit, type MockPowerUnitOptions } from '../mock-power-unit.js';
import { PowerRequestPublication, withSlash } from '../protocol/power-request-publication.js';
import { OutputFeed } from './output-feed.js';

const CONNECTORS = ['connector_1', 'connector_2', 'connector_3', 'connector_4'] as const;
type ConnectorName = (typeof CONNECTORS)[number];
type ConnectorImplementation = MockPsuImplementations[ConnectorName];

/** How often the outputs are looked at while a ramp moves them, ms. */
const LOOK_EVERY_MS = 50;

const OPEN_OUTPUT = { voltage_V: 0, current_A: 0, enabled: false };

/** The simulated power unit as a module. It listens from `init` on, so that a driver finds it when all are ready. */
@injectable()
export class MockPsu extends MockPsuBase {
  #mock: MockPowerUnit | undefined;
  readonly #feeds = new Map<ConnectorName, OutputFeed>();

  constructor(@inject(MockPsuTokens.context) context: MockPsuContext) {
    super(context);
  }

  override readonly implementations: MockPsuImplementations = {
    connector_1: this.#connector('connector_1'),
    connector_2: this.#connector('connector_2'),
    connector_3: this.#connector('connector_3'),
    connector_4: this.#connector('connector_4'),
    faults: {
      inject_fault: ({ fault }) => {
        this.#running.faults.inject(fromFaultJson(fault));
      },
      clear_faults: ({ name }) => {
        this.#running.faults.clear(name === '' ? undefined : name);
      },
      get_faults: () => ({ faults: this.#running.faults.active.map(toFaultJson) }),
    },
  };

  override async init(): Promise<void> {
    const link = await this.#openLink();
    this.context.onUnload(async () => {
      await link.close();
    });
    const mock = await MockPowerUnit.start({ ...this.#options(), link, ...(await this.#tls()) });
    this.context.onUnload(async () => {
      await mock.close();
    });
    this.#mock = mock;
    mock.on('rejected', ({ message }) => this.log.warn('frame dropped', { reason: message }));
    mock.on('faults', (active) => {
      this.provides.faults.publish.active_faults({ faults: active.map(toFaultJson) });
      this.#tellAll();
    });
    mock.on('request', () => this.#tellAll());
    for (const name of CONNECTORS) {
      const connector = this.implementationConfig[name].global_connector_number;
      if (connector < 0) continue;
      const { publish } = this.provides[name];
      this.#feeds.set(
        name,
        new OutputFeed(this.clock, mock.unit, connector, (output) => publish.output(output)),
      );
    }
    this.log.info('listening', { port: mock.port, link: link.name, mac: link.mac.toString() });
  }

  override async ready(): Promise<void> {
    this.provides.faults.publish.active_faults({ faults: [] });
    this.#tellAll();
    const timer = this.clock.setInterval(() => this.#tellAll(), LOOK_EVERY_MS);
    this.context.onUnload(() => timer.cancel());
    await this.#attachMqtt();
  }

  get #running(): MockPowerUnit {
    if (this.#mock === undefined) throw new Error('the simulated power unit is not running');
    return this.#mock;
  }

  #connector(name: ConnectorName): ConnectorImplementation {
    return {
      set_load: ({ load }) => {
        const feed = this.#feeds.get(name);
        if (feed === undefined) throw new Error(`${name} is not in use: its global_connector_number is -1`);
        feed.setLoad(load);
      },
      get_output: () => this.#feeds.get(name)?.output ?? OPEN_OUTPUT,
    };
  }

  #tellAll(): void {
    for (const feed of this.#feeds.values()) feed.tell();
  }

  #options(): Omit<MockPowerUnitOptions, 'link' | 'tls'> {
    const { config } = this;
    return {
      clock: this.clock,
      log: this.log,
      host: config.host,
      port: config.port,
      keyPolicy: config.key,
      signReplies: config.send_secure_goose,
      verifyRequests: config.verify_secure_goose,
      replyDelayMs: config.reply_delay_ms,
      periodMs: config.period_ms,
      roundsWithoutRatings: config.rounds_without_ratings,
      ratings: {
        maxVoltageV: config.max_voltage_V,
        minVoltageV: config.min_voltage_V,
        maxCurrentA: config.max_current_A,
        minCurrentA: config.min_current_A,
        maxPowerW: config.max_power_W,
      },
      dynamics: {
        voltageRampVPerS: config.voltage_ramp_V_per_s,
        currentRampAPerS: config.current_ramp_A_per_s,
        dischargeVPerS: config.discharge_V_per_s,
      },
    };
  }

  async #tls(): Promise<Pick<MockPowerUnitOptions, 'tls'>> {
    const { certificates, peer_name } = this.config;
    if (certificates === '') return {};
    const credentials: TlsCredentials = await loadTlsCredentials({
      caFile: join(certificates, CERTIFICATE_FILES.dispenserCa),
      certFile: join(certificates, CERTIFICATE_FILES.psuCert),
      keyFile: join(certificates, CERTIFICATE_FILES.psuKey),
    });
    return { tls: { credentials, peerNames: peer_name === '' ? false : peer_name } };
  }

  async #openLink(): Promise<EthernetLink> {
    const { ethernet_link, ethernet_interface, udp_address, udp_group, udp_port } = this.config;
    switch (ethernet_link) {
      case 'packet':
        return await openPacketLink({ interface: ethernet_interface, clock: this.clock });
      case 'udp':
        return await openUdpLink({ address: udp_address, group: udp_group, port: udp_port });
      case 'memory':
        return MemoryNetwork.named(ethernet_interface).link();
    }
  }

  async #attachMqtt(): Promise<void> {
    const mqtt = this.context.externalMqtt;
    const { mqtt_base_topic } = this.config;
    if (mqtt === undefined || mqtt_base_topic === '') return;
    const mock = this.#running;
    const base = withSlash(mqtt_base_topic);
    const publish = (topic: string, payload: string, retain = false): void => {
      mqtt.publish(topic, payload, { retain }).catch((error: unknown) => {
        this.log.warn('not published', { topic, reason: String(error) });
      });
    };
    const publication = new PowerRequestPublication(this.clock, base, publish);
    mock.on('request', (message) => publication.onMessage(message));
    mock.on('faults', (active) => publish(`${base}${FAULT_TOPICS.active}`, activeFaultsText(active), true));
    for (const topic of [FAULT_TOPICS.inject, FAULT_TOPICS.clear])
      await mqtt.subscribe(`${base}${topic}`, (payload, from) =>
        handleFaultMessage(from, payload, mock.faults, this.log),
      );
    publish(`${base}${FAULT_TOPICS.active}`, activeFaultsText(mock.faults.active), true);
  }
}
