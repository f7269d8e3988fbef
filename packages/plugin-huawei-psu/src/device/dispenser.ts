// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  connectorRegisters,
  ContactorStatus,
  DispenserConnection,
  dispenserRegisters,
  ERROR_REGISTERS,
  portRegisters,
  powerUnitRegisters,
  RunningMode,
  type RegisterBank,
} from '@carabiner/fusioncharge';
import { MacAddress, type Acceptance, type EthernetLink, type Rejection } from '@carabiner/goose';
import { StopReason, type PowerReply } from '@carabiner/goose/fusioncharge';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Connector } from './connector.js';
import { DemandStream } from './demand-stream.js';
import { createBank, type ConnectorSettings, type DispenserIdentity } from './dispenser-bank.js';
import { keepConnected, type Attempt } from './reconnect.js';
import { ReplyReceiver } from './reply-receiver.js';

/** How long the last demand to stop is repeated before everything ends, ms. */
const CLOSING_MS = 20;

/** How far the connection with the power unit has come. */
export type ConnectionState =
  /** Being opened, or open and the power unit has not told its address. */
  | 'INITIALIZING'
  | 'READY'
  /** Lost; it is opened again after a pause. */
  | 'FAILED';

/** An alarm of the dispenser as a whole. */
export type DispenserAlarm = 'doorStatusAlarm' | 'waterAlarm' | 'epoAlarm' | 'tiltAlarm';

/** Settings of a dispenser. */
export interface DispenserOptions {
  readonly clock: Clock;
  readonly link: EthernetLink;
  /** Opens a connection to the power unit; rejects with the reason. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
  readonly esn: string;
  readonly connectors: readonly ConnectorSettings[];
  readonly signFrames: boolean;
  readonly acceptReplies: Acceptance;
  readonly allocationTimeoutMs: number;
  readonly silenceTimeoutMs: number;
}

/** What a dispenser tells. */
export interface DispenserEvents {
  /** The connection state has changed; `reason` says why it failed. */
  state: [state: ConnectionState, reason: string | undefined];
  /** The Ethernet link came up or went down; `reason` says why it is down. */
  link: [up: boolean, reason: string];
  /** A connection was set up; its registers are new. */
  connected: [];
  /** The power unit has written something that this module may be interested in. */
  written: [];
  /** Modules were refused for a connector (local number), or that is over. */
  allocationFailed: [connector: number, failed: boolean];
  /** The power unit keeps a connector (local number) waiting for a key, or that is over. */
  keyMissing: [connector: number, missing: boolean];
  /** A GOOSE frame was dropped. */
  rejected: [rejection: Rejection];
}

/** One connector with all that belongs to it. */
interface Place {
  readonly number: number;
  readonly settings: ConnectorSettings;
  readonly connector: Connector;
  readonly stream: DemandStream;
  /** Reason of a stop while the charger has a fault. */
  faultReason: number | undefined;
}

/** The dispenser as the power unit sees it: connection, registers, reports and GOOSE streams of all connectors. */
export class Dispenser extends EventEmitter<DispenserEvents> {
  readonly #options: DispenserOptions;
  readonly #places: readonly Place[];
  readonly #receiver: ReplyReceiver;
  readonly #stopping = new AbortController();
  #bank: RegisterBank;
  #connection: DispenserConnection | undefined;
  #state: ConnectionState = 'INITIALIZING';
  #reason: string | undefined;
  #psuMac = MacAddress.ZERO;
  #keysAcquired = false;
  #closing = false;
  /** Connectors that have got a key on the present connection. */
  readonly #keyed = new Set<number>();
  #running: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(options: DispenserOptions) {
    super();
    this.#options = options;
    this.#bank = createBank(this.#identity, options.clock);
    this.#places = options.connectors.map((settings, index) => this.#createPlace(settings, index + 1));
    this.#receiver = new ReplyReceiver({
      link: options.link,
      clock: options.clock,
      accept: options.acceptReplies,
      psuMac: () => this.#psuMac,
      keyOf: (globalNumber) => this.#byGlobalNumber(globalNumber)?.stream.key,
      onReply: (reply) => this.#onReply(reply),
      onRejected: (rejection) => this.emit('rejected', rejection),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The power unit can be reached both ways: it has told its address, and the Ethernet link is up. */
  get reachable(): boolean {
    return this.#state === 'READY' && this.#options.link.up;
  }

  /** The registers of the present connection, or of the last one. */
  get bank(): RegisterBank {
    return this.#bank;
  }

  /** Number of connectors; they count from 1. */
  get connectorCount(): number {
    return this.#places.length;
  }

  /** A connector by its local number. */
  connector(number: number): Connector {
    return this.#place(number).connector;
  }

  /** Running mode of the power unit; STARTING_UP as long as there is no connection. */
  get runningMode(): number {
    return this.#connection === undefined
      ? RunningMode.STARTING_UP
      : this.#bank.get(powerUnitRegisters.runningMode);
  }

  /** Begins to connect. */
  start(): void {
    this.#unsubscribe = this.#options.link.onStatus((up, reason) => {
      // Rather now than with the next repetition. An interface that was made anew may have another address.
      if (up)
        for (const { connector, number } of this.#places) {
          this.#bank.set(connectorRegisters.dispenserMac, this.#identity.mac, number);
          connector.renew();
        }
      this.emit('link', up, reason);
    });
    this.#running = keepConnected(
      this.#options.clock,
      this.#stopping.signal,
      async (signal) => await this.#live(signal),
    );
  }

  /** Stops every output by a last demand, then ends connection and streams. The link stays open. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    for (const { connector, stream } of this.#places) {
      connector.close();
      stream.send('Stop', connector.setPoint, StopReason.Normal);
    }
    // Time for the repetitions, in case the first frame is lost.
    await this.#options.clock.sleep(CLOSING_MS);
    this.#stopping.abort();
    this.#connection?.close();
    await this.#running;
    this.#unsubscribe();
    for (const { stream } of this.#places) stream.close();
    this.#receiver.close();
  }

  /** Car-side measurement: V, A, and the energy delivered in Wh if known. */
  setOutput(number: number, voltage: number, current: number, energy: number | undefined): void {
    this.#bank.set(connectorRegisters.outputVoltage, voltage, number);
    this.#bank.set(connectorRegisters.outputCurrent, current, number);
    if (energy !== undefined) this.#bank.set(connectorRegisters.totalEnergy, energy / 1000, number);
  }

  /** Voltage on the power unit's side of the contactor, V. */
  setUpstreamVoltage(number: number, voltage: number): void {
    this.#bank.set(connectorRegisters.upstreamVoltage, voltage, number);
  }

  setContactor(number: number, on: boolean): void {
    this.#bank.set(connectorRegisters.contactorStatus, on ? ContactorStatus.ON : ContactorStatus.OFF, number);
  }

  /** Raises or clears the contactor fault alarm of a connector; reported at once when it changes. */
  setContactorFault(number: number, raised: boolean): void {
    if (this.#bank.get(connectorRegisters.contactorFaultAlarm, number) === Number(raised)) return;
    this.#bank.set(connectorRegisters.contactorFaultAlarm, Number(raised), number);
    this.#connection?.reportNow();
  }

  /** The contactor fault alarm of a connector. */
  contactorFault(number: number): boolean {
    return this.#bank.get(connectorRegisters.contactorFaultAlarm, number) !== 0;
  }

  /** Raises or clears an alarm of the dispenser; reported at once when it changes. */
  setAlarm(alarm: DispenserAlarm, raised: boolean): void {
    const register = dispenserRegisters[alarm];
    if (this.#bank.get(register) === Number(raised)) return;
    this.#bank.set(register, Number(raised));
    this.#connection?.reportNow();
  }

  /** The reason that stops of a connector give while the charger has a fault; undefined when it has none. */
  setFaultReason(number: number, reason: number | undefined): void {
    this.#place(number).faultReason = reason;
  }

  /** The Ethernet address is that of now: it may change with the interface. */
  get #identity(): DispenserIdentity {
    const { esn, link, connectors } = this.#options;
    return { esn, mac: link.mac.bytes, connectors };
  }

  #place(number: number): Place {
    const place = this.#places[number - 1];
    if (place === undefined) throw new RangeError(`there is no connector ${number}`);
    return place;
  }

  #createPlace(settings: ConnectorSettings, number: number): Place {
    const { clock, link, signFrames, allocationTimeoutMs } = this.#options;
    const stream = new DemandStream({ link, clock, secure: signFrames, globalNumber: settings.globalNumber });
    const connector = new Connector(
      { clock, allocationTimeoutMs },
      {
        showStatus: (workingStatus, connectionStatus) => {
          const same =
            this.#bank.get(connectorRegisters.workingStatus, number) === workingStatus &&
            this.#bank.get(connectorRegisters.connectionStatus, number) === connectionStatus;
          if (same) return;
          this.#bank.set(connectorRegisters.workingStatus, workingStatus, number);
          this.#bank.set(connectorRegisters.connectionStatus, connectionStatus, number);
          this.#connection?.reportNow();
        },
        chargingEvent: (event) => this.#connection?.chargingEvent(number, event),
        demand: (demand, setPoint, atUnplug) =>
          stream.send(demand, setPoint, this.#stopReason(number, atUnplug)),
        allocationFailed: (failed) => this.emit('allocationFailed', number, failed),
        keyMissing: (missing) => this.emit('keyMissing', number, missing),
      },
    );
    return { number, settings, connector, stream, faultReason: undefined };
  }

  #stopReason(number: number, atUnplug: boolean): number {
    if (this.#bank.get(dispenserRegisters.epoAlarm) !== 0) return StopReason.EmergencyStop;
    const { faultReason } = this.#place(number);
    if (faultReason !== undefined) return faultReason;
    return atUnplug ? StopReason.ConnectorDisconnected : StopReason.Normal;
  }

  async #live(signal: AbortSignal): Promise<Attempt> {
    let socket: Socket;
    try {
      socket = await this.#options.connect(signal);
    } catch (error) {
      this.#setState('FAILED', error instanceof Error ? error.message : String(error));
      return { succeeded: false };
    }
    this.#bank = createBank(this.#identity, this.#options.clock, this.#bank);
    this.#listen(this.#bank);
    this.#keysAcquired = false;
    this.#keyed.clear();
    const { clock, silenceTimeoutMs } = this.#options;
    const connection = new DispenserConnection(socket, this.#bank, { clock, silenceTimeoutMs });
    this.#connection = connection;
    this.#setState('INITIALIZING', undefined);
    for (const { connector } of this.#places) connector.connectionUp();
    this.emit('connected');

    return await new Promise<Attempt>((resolve) => {
      connection.once('close', (reason) => {
        const succeeded = this.#state === 'READY';
        this.#connection = undefined;
        if (!signal.aborted) for (const { connector } of this.#places) connector.connectionDown();
        this.#setState('FAILED', reason?.message);
        resolve({ succeeded });
      });
      if (signal.aborted) connection.close();
    });
  }

  #listen(bank: RegisterBank): void {
    const written = (): void => void this.emit('written');
    for (const { register } of ERROR_REGISTERS) bank.onWrite(register, written);
    const { psuMac, runningMode, ...others } = powerUnitRegisters;
    const { hmacKey, ...portValues } = portRegisters;
    for (const register of [...Object.values(others), ...Object.values(portValues)])
      bank.onWrite<unknown>(register, written);
    bank.onWrite(runningMode, (mode) => {
      this.emit('written');
      if (mode === RunningMode.RUNNING) this.#acquireKeys();
    });
    bank.onWrite(psuMac, (bytes) => this.#onPsuMac(MacAddress.from(bytes)));
    bank.onWrite(hmacKey, (bytes, number) => {
      const { stream, connector } = this.#place(number);
      const { present, replaced } = stream.setKey(bytes);
      if (!present) return;
      // A new key, or a power unit that was started anew, begins a new numbering.
      if (replaced || !this.#keyed.has(number))
        this.#receiver.forget(this.#place(number).settings.globalNumber);
      this.#keyed.add(number);
      connector.keyWritten(replaced);
    });
  }

  /** Once for each connection: a restarted power unit, or driver, has no keys. */
  #acquireKeys(): void {
    if (this.#keysAcquired) return;
    this.#keysAcquired = true;
    for (const { connector } of this.#places) void connector.acquireKey();
  }

  #onPsuMac(mac: MacAddress): void {
    if (mac.equals(MacAddress.ZERO)) return;
    const known = this.#state === 'READY' && mac.equals(this.#psuMac);
    this.#psuMac = mac;
    if (known) return;
    for (const { stream, connector } of this.#places) {
      stream.setDestination(mac);
      connector.renew();
    }
    this.#setState('READY', undefined);
  }

  #onReply(reply: PowerReply): void {
    this.#byGlobalNumber(reply.connector)?.connector.reply(reply.success);
  }

  #byGlobalNumber(globalNumber: number): Place | undefined {
    return this.#places.find((place) => place.settings.globalNumber === globalNumber);
  }

  #setState(state: ConnectionState, reason: string | undefined): void {
    if (state === this.#state && reason === this.#reason) return;
    this.#state = state;
    this.#reason = reason;
    this.emit('state', state, reason);
  }
}
