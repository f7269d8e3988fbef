// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  afterEvent,
  afterPhase,
  chargingEventOf,
  connectionStatusOf,
  connectorRegisters,
  ContactorStatus,
  demandOf,
  DispenserConnection,
  dispenserRegisters,
  INITIAL_SITUATION,
  openDispenserSocket,
  portRegisters,
  powerUnitRegisters,
  RegisterBank,
  workingStatusOf,
  ElectronicLock,
  type ConnectorEvent,
  type ConnectorPhase,
  type ConnectorSituation,
  type TlsCredentials,
} from '@carabiner/fusioncharge';
import {
  GooseKey,
  GoosePublisher,
  GooseSubscriber,
  MacAddress,
  type EthernetLink,
  type Rejection,
} from '@carabiner/goose';
import {
  decodePowerMessage,
  encodePowerMessage,
  RequirementType,
  StopReason,
  type PowerReply,
} from '@carabiner/goose/fusioncharge';

export interface TestDispenserOptions {
  readonly link: EthernetLink;
  readonly clock: Clock;
  readonly port: number;
  /** Global numbers, one for each connector. */
  readonly connectors: readonly number[];
  readonly secure?: boolean;
  readonly tls?: TlsCredentials;
  /** Default: the name in generated certificates. */
  readonly peerName?: string;
  readonly reportPeriodMs?: number;
}

/** The smallest dispenser that keeps to the protocol, out of the parts both sides share. */
export class TestDispenser {
  readonly bank: RegisterBank;
  readonly replies: PowerReply[] = [];
  readonly rejections: Rejection[] = [];
  readonly errors = new Map<string, number>();
  readonly keys = new Map<number, Buffer[]>();
  closedBecause: Error | undefined;
  closed = false;
  #connection: DispenserConnection | undefined;
  readonly #situations: ConnectorSituation[];
  readonly #publishers: GoosePublisher[];
  readonly #subscriber: GooseSubscriber<PowerReply>;
  #psuMac = MacAddress.ZERO;
  #lastFrame = Buffer.alloc(0);
  readonly #setPoints: { voltage: number; current: number }[];

  private constructor(private readonly options: TestDispenserOptions) {
    const { link, clock, connectors, secure = true } = options;
    this.bank = new RegisterBank(connectors.length);
    const { bank } = this;
    bank.set(dispenserRegisters.connectorCount, connectors.length);
    bank.compute(dispenserRegisters.unixTime, () => Math.floor(clock.now() / 1000));
    this.#situations = connectors.map(() => INITIAL_SITUATION);
    this.#setPoints = connectors.map(() => ({ voltage: 0, current: 0 }));
    const recorded = {
      mac: link.mac,
      send: (frame: Uint8Array) => {
        this.#lastFrame = Buffer.from(frame);
        link.send(frame);
      },
    };
    this.#publishers = connectors.map(() => new GoosePublisher({ link: recorded, clock, secure }));
    connectors.forEach((global, index) => {
      bank.set(connectorRegisters.globalConnectorNumber, global, index + 1);
      bank.compute(connectorRegisters.contactorStatus, () => ContactorStatus.OFF, index + 1);
      bank.compute(connectorRegisters.electronicLock, () => ElectronicLock.LOCKED, index + 1);
    });
    bank.onWrite(powerUnitRegisters.psuMac, (mac) => {
      this.#psuMac = MacAddress.from(mac);
    });
    bank.onWrite(portRegisters.hmacKey, (bytes, local) => {
      this.keys.set(local, [...(this.keys.get(local) ?? []), bytes]);
      this.#publishers[local - 1]!.setKey(new GooseKey(bytes));
      this.event('keyWritten', local);
    });
    this.#subscriber = new GooseSubscriber<PowerReply>({
      link,
      clock,
      accept: secure ? 'verified' : 'any',
      read: ({ source, pdu }) => {
        if (!source.equals(this.#psuMac)) return undefined;
        const message = decodePowerMessage(pdu);
        return message?.kind === 'reply' && connectors.includes(message.connector) ? message : undefined;
      },
      keyFor: ({ connector }) => {
        const bytes = this.keys.get(connectors.indexOf(connector) + 1)?.at(-1);
        return bytes === undefined ? undefined : new GooseKey(bytes);
      },
      streamOf: ({ connector }) => String(connector),
      onMessage: (reply) => {
        this.replies.push(reply);
        this.event('allocationEnded', connectors.indexOf(reply.connector) + 1);
      },
      onRejected: (rejection) => this.rejections.push(rejection),
    });
  }

  static async connect(options: TestDispenserOptions): Promise<TestDispenser> {
    const dispenser = new TestDispenser(options);
    await dispenser.connect();
    return dispenser;
  }

  /** Connects, or connects again after the connection was lost. */
  async connect(): Promise<void> {
    const { clock, port, tls, peerName = 'localhost', reportPeriodMs } = this.options;
    const socket = await openDispenserSocket({
      host: '127.0.0.1',
      port,
      clock,
      ...(tls === undefined ? {} : { tls: { credentials: tls, peerName } }),
    });
    this.closed = false;
    this.#connection = new DispenserConnection(socket, this.bank, {
      clock,
      ...(reportPeriodMs === undefined ? {} : { reportPeriodMs }),
    });
    this.#connection.on('close', (reason) => {
      this.closed = true;
      this.closedBecause = reason;
    });
  }

  situation(local = 1): ConnectorSituation {
    return this.#situations[local - 1]!;
  }

  event(event: ConnectorEvent, local = 1): void {
    this.#change(local, afterEvent(this.situation(local), event));
  }

  phase(phase: ConnectorPhase, local = 1, setPoint?: { voltage: number; current: number }): void {
    if (setPoint !== undefined) this.#setPoints[local - 1] = setPoint;
    const before = this.situation(local);
    this.#change(local, afterPhase(before, phase));
    if (setPoint !== undefined && this.situation(local) === before) this.#send(local);
  }

  /** Its Ethernet address as text. */
  get mac(): string {
    return this.options.link.mac.toString();
  }

  /** Sends no more GOOSE frames; the connection stays. */
  silence(): void {
    for (const publisher of this.#publishers) publisher.stop();
  }

  /** A copy of the last frame it sent. */
  lastFrame(): Buffer {
    return Buffer.from(this.#lastFrame);
  }

  /** Sends bytes as they are. */
  sendRaw(frame: Uint8Array): void {
    this.options.link.send(frame);
  }

  async close(): Promise<void> {
    for (const publisher of this.#publishers) publisher.stop();
    this.#subscriber.close();
    this.#connection?.close();
    await this.options.link.close();
  }

  #change(local: number, situation: ConnectorSituation): void {
    const before = this.situation(local);
    if (before === situation) return;
    this.#situations[local - 1] = situation;
    this.bank.set(connectorRegisters.workingStatus, workingStatusOf(situation), local);
    this.bank.set(connectorRegisters.connectionStatus, connectionStatusOf(situation.state), local);
    if (before.state !== situation.state)
      this.#connection?.chargingEvent(local, chargingEventOf(situation.state));
    this.#connection?.reportNow();
    this.#send(local);
  }

  #send(local: number): void {
    const connector = this.options.connectors[local - 1]!;
    const demand = demandOf(this.situation(local));
    const publisher = this.#publishers[local - 1]!;
    if (demand === 'Stop') {
      publisher.publish(
        this.#psuMac,
        encodePowerMessage({ kind: 'stop', connector, reason: StopReason.Normal }),
      );
      return;
    }
    const idle = demand === 'ModulePlaceholder' || demand === 'InsulationDetectionStop';
    const { voltage, current } = idle ? { voltage: 0, current: 0 } : this.#setPoints[local - 1]!;
    publisher.publish(
      this.#psuMac,
      encodePowerMessage({
        kind: 'request',
        connector,
        requirement: RequirementType[demand],
        mode: 2,
        voltage,
        current,
      }),
    );
  }
}
