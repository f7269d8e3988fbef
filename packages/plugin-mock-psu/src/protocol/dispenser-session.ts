// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  addressOf,
  connectorRegisters,
  dispenserRegisters,
  FusionChargeError,
  MAX_CONNECTORS,
  PortAvailability,
  portRegisters,
  powerUnitRegisters,
  WorkingStatus,
  type PowerUnitConnection,
  type Register,
  type UnsolicitedReport,
} from '@carabiner/fusioncharge';
import type { EthernetLink } from '@carabiner/goose';
import type { PowerUnit } from '../device/power-unit.js';
import { findErrorRegister } from '../faults/fault-catalogue.js';
import type { FaultSet } from '../faults/fault-set.js';
import type { MockLog } from '../mock-log.js';
import type { AcInput } from './ac-input.js';
import { RegisterWriter } from './register-writer.js';
import type { SessionKeys } from './session-keys.js';

/** How a {@link DispenserSession} works. */
export interface DispenserSessionOptions {
  readonly clock: Clock;
  readonly unit: PowerUnit;
  readonly faults: FaultSet;
  readonly keys: SessionKeys;
  readonly ac: AcInput;
  /** Its address is where dispensers are to send their frames; it may change with the interface. */
  readonly link: Pick<EthernetLink, 'mac'>;
  readonly log: MockLog;
  /** Pause between rounds of requests, ms. */
  readonly periodMs: number;
  /** The first round, counted from 0, in which the ratings of the ports are reported. */
  readonly capabilitiesFromRound: number;
  /** A connector gets a new key with the next write. */
  readonly onKeyIssued: (connector: number) => void;
}

const FIRST_REQUEST_AFTER_MS = 100;

/** One connected dispenser, served from its connection to its end. */
export class DispenserSession {
  readonly #connection: PowerUnitConnection;
  readonly #options: DispenserSessionOptions;
  readonly #writer: RegisterWriter;
  readonly #abort = new AbortController();
  readonly #globalNumbers = new Map<number, number>();
  readonly #status = new Map<number, number>();
  readonly #errorAddresses = new Set<string>();
  #connectors = 0;
  #round = 0;
  #ratingsReported = false;
  #reconciliation = Promise.resolve();

  constructor(connection: PowerUnitConnection, options: DispenserSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#writer = new RegisterWriter(connection, options.clock, options.faults, this.#abort.signal);
  }

  /** Serves the dispenser. Resolves when the connection has ended, for whatever reason; never rejects. */
  async run(): Promise<void> {
    const { clock, faults, log, periodMs } = this.#options;
    const connection = this.#connection;
    const { signal } = this.#abort;
    const unsubscribe = faults.onChange(() => this.#reconcile());
    connection.on('report', (report) => this.#onReport(report));
    connection.on('malformed', (error) => this.#end(error));
    connection.once('close', () => this.#abort.abort(new Error('closed')));
    log.info('dispenser connected', { peer: connection.peer });
    try {
      await clock.sleep(FIRST_REQUEST_AFTER_MS, signal);
      this.#connectors = Math.min(await connection.read(dispenserRegisters.connectorCount), MAX_CONNECTORS);
      let dueMs = clock.monotonic();
      for (;;) {
        if (faults.find('stall') === undefined) await this.#serveRound();
        dueMs = Math.max(dueMs + periodMs, clock.monotonic());
        await clock.sleep(dueMs - clock.monotonic(), signal);
      }
    } catch (error) {
      this.#end(error);
    } finally {
      unsubscribe();
      log.info('dispenser gone', { peer: connection.peer });
    }
  }

  #end(cause: unknown): void {
    if (this.#abort.signal.aborted) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#options.log.warn('giving a dispenser up', { peer: this.#connection.peer, reason });
    this.#abort.abort(new Error(reason));
    this.#connection.close();
  }

  /** All requests of a round, one after the other, in the order of the reference. */
  async #serveRound(): Promise<void> {
    const { unit, ac, link, capabilitiesFromRound, periodMs } = this.#options;
    const connection = this.#connection;
    const round = this.#round;
    this.#round += 1;
    await this.#writer.write(powerUnitRegisters.runningMode, unit.runningMode);
    await this.#writer.write(powerUnitRegisters.psuMac, link.mac.bytes);
    await this.#reportErrors();
    if (round >= capabilitiesFromRound) {
      for (const local of this.#locals()) await this.#reportPort(local, 'always');
      this.#ratingsReported = true;
    }
    let powerW = 0;
    for (const local of this.#locals()) {
      const status = await connection.read(connectorRegisters.workingStatus, local);
      if (status !== WorkingStatus.CHARGING) continue;
      powerW += unit.powerW(await this.#readGlobalNumber(local));
    }
    for (const [register, value] of ac.sample(powerW, periodMs))
      await connection.write<number>(register, value);
  }

  /** Brings what the dispenser was told in line with the faults, as soon as they change. */
  #reconcile(): void {
    this.#reconciliation = this.#reconciliation
      .then(async () => {
        if (this.#connectors === 0 || this.#abort.signal.aborted) return;
        if (this.#options.faults.find('stall') !== undefined) return;
        await this.#writer.write(
          powerUnitRegisters.runningMode,
          this.#options.unit.runningMode,
          1,
          'changed',
        );
        await this.#reportErrors();
        if (this.#ratingsReported)
          for (const local of this.#locals()) await this.#reportPort(local, 'changed');
      })
      .catch((error: unknown) => this.#end(error));
  }

  async #reportPort(local: number, when: 'always' | 'changed'): Promise<void> {
    const { unit, faults } = this.#options;
    const connector = await this.#faultTarget(local);
    const withheld = faults.find('capabilities_withhold', connector) !== undefined;
    if (withheld && when === 'always' && !this.#writer.hasWritten(portRegisters.maxCurrent, local)) return;
    const { maxCurrentA, minCurrentA, maxVoltageV, minVoltageV, maxPowerW } = unit.capabilities(connector);
    const unless = (value: number): number => (withheld ? 0 : value);
    const available =
      !withheld && unit.isAvailable(connector) ? PortAvailability.AVAILABLE : PortAvailability.NOT_AVAILABLE;
    for (const [register, value] of [
      [portRegisters.maxCurrent, unless(maxCurrentA)],
      [portRegisters.minCurrent, minCurrentA],
      [portRegisters.maxVoltage, unless(maxVoltageV)],
      [portRegisters.minVoltage, minVoltageV],
      [portRegisters.ratedPower, unless(maxPowerW / 1000)],
      [portRegisters.available, available],
    ] as const)
      await this.#writer.write<number>(register, value, local, when);
  }

  /** Writes the error registers that faults set, and 0 into those they no longer set. */
  async #reportErrors(): Promise<void> {
    const wanted = new Map<string, readonly [Register<number>, number]>();
    for (const { target = '', value = 1 } of this.#options.faults.all('error_register')) {
      const register = findErrorRegister(target)?.register;
      if (register !== undefined) wanted.set(register.name, [register, value]);
    }
    for (const name of [...this.#errorAddresses]) {
      const register = findErrorRegister(name)?.register;
      if (wanted.has(name) || register === undefined) continue;
      await this.#writer.write(register, 0, 1, 'changed');
      this.#errorAddresses.delete(name);
    }
    for (const [name, [register, value]] of wanted) {
      this.#errorAddresses.add(name);
      const largest = 2 ** (16 * register.type.count) - 1;
      await this.#writer.write(register, Math.min(value, largest), 1, 'changed');
    }
  }

  #onReport(report: UnsolicitedReport): void {
    for (const local of this.#locals()) {
      const address = addressOf(connectorRegisters.workingStatus, local);
      const segment = report.devices
        .flatMap(({ segments }) => segments)
        .find((each) => each.address === address);
      if (segment?.data.length !== 2) {
        const found = segment === undefined ? 'none' : `one of ${segment.data.length / 2} registers`;
        this.#end(
          new FusionChargeError(
            'FUSIONCHARGE_FORMAT',
            `a report needs a segment of one register at 0x${address.toString(16)}, found ${found}`,
          ),
        );
        return;
      }
      this.#onStatus(local, segment.data.readUInt16BE(0));
    }
  }

  #onStatus(local: number, status: number): void {
    const before = this.#status.get(local);
    this.#status.set(local, status);
    if (before === status || status !== WorkingStatus.STANDBY_WITH_CONNECTOR_INSERTED) return;
    this.#handOutKey(local).catch((error: unknown) => this.#end(error));
  }

  /** A vehicle has come, or begins another session: it gets a key. */
  async #handOutKey(local: number): Promise<void> {
    const { keys, faults, log, onKeyIssued } = this.#options;
    const connector =
      keys.policy === 'random' ? await this.#globalNumber(local) : await this.#faultTarget(local);
    if (faults.find('stall') !== undefined || faults.find('key_withhold', connector) !== undefined) {
      // Remembered as not yet served, so that the key follows once the fault is over.
      this.#status.delete(local);
      return;
    }
    if (keys.policy === 'random') onKeyIssued(connector);
    const key = keys.issue(connector);
    log.info('key handed out', { connector: local, global: this.#globalNumbers.get(local) });
    await this.#writer.write(portRegisters.hmacKey, key.reveal(), local);
  }

  /**
   * The number by which faults name a connector. It is read only when a fault names one: otherwise the requests are those
   * of the reference, to the byte.
   */
  async #faultTarget(local: number): Promise<number> {
    const named = this.#options.faults.active.some(({ connector }) => connector !== undefined);
    return named ? await this.#globalNumber(local) : (this.#globalNumbers.get(local) ?? local);
  }

  async #globalNumber(local: number): Promise<number> {
    return this.#globalNumbers.get(local) ?? (await this.#readGlobalNumber(local));
  }

  async #readGlobalNumber(local: number): Promise<number> {
    const connector = await this.#connection.read(connectorRegisters.globalConnectorNumber, local);
    this.#globalNumbers.set(local, connector);
    return connector;
  }

  #locals(): number[] {
    return Array.from({ length: this.#connectors }, (_, index) => index + 1);
  }
}
