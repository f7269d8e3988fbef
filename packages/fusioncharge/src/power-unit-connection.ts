// SPDX-License-Identifier: Apache-2.0
import { systemClock, withTimeout, TimeoutError, type Clock } from '@carabiner/clock';
import modbusSerial from 'modbus-serial';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { FusionChargeError, ModbusExceptionError } from './errors.js';
import { encodeAdu, type Adu } from './mbap.js';
import { PowerUnitPort } from './power-unit-port.js';
import { addressOf, type Register } from './registers.js';
import { decodeReport, encodeReportResponse, type UnsolicitedReport } from './report.js';
import { closeSocket } from './socket-closing.js';

/** Unit id in requests of the power unit. */
const UNIT_ID = 0xff;

/** How a {@link PowerUnitConnection} works. */
export interface PowerUnitConnectionOptions {
  readonly clock?: Clock;
  /** How long to wait for an answer, ms. Default 5000. */
  readonly requestTimeoutMs?: number;
}

/** What a {@link PowerUnitConnection} tells. */
export interface PowerUnitConnectionEvents {
  /** An unsolicited report came in. */
  report: [report: UnsolicitedReport];
  /** A message with the report's function code could not be read; it was dropped. */
  malformed: [error: FusionChargeError];
  /** The connection is gone. Every waiting request has been rejected. */
  close: [];
}

/**
 * The power unit's end of a connection with a dispenser: Modbus client on the accepted socket, and receiver of the
 * dispenser's unsolicited reports.
 */
export class PowerUnitConnection extends EventEmitter<PowerUnitConnectionEvents> {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #port: PowerUnitPort;
  readonly #client: InstanceType<typeof modbusSerial.default>;
  readonly #closed: Promise<never>;

  /** @param socket - connected; TLS, if any, is established */
  constructor(socket: Socket, options: PowerUnitConnectionOptions = {}) {
    super();
    this.#socket = socket;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.requestTimeoutMs ?? 5000;
    socket.setNoDelay(true);
    this.#port = new PowerUnitPort(socket, (adu) => this.#onReport(adu));
    this.#client = new modbusSerial.default(this.#port);
    this.#client.setID(UNIT_ID);
    this.#client.open();
    let lost: (error: Error) => void = () => undefined;
    this.#closed = new Promise<never>((_resolve, reject) => {
      lost = reject;
    });
    // Not every connection has a request waiting when it goes.
    this.#closed.catch(() => undefined);
    // An error is always followed by 'close', which tells what matters.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      lost(new FusionChargeError('FUSIONCHARGE_CLOSED', 'the connection with the dispenser was closed'));
      this.emit('close');
    });
  }

  /** `address:port` of the dispenser. */
  get peer(): string {
    return `${this.#socket.remoteAddress ?? 'unknown'}:${this.#socket.remotePort ?? 0}`;
  }

  /** The connection can carry requests. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Messages of the dispenser that answered no request; they were dropped. */
  get unmatched(): number {
    return this.#port.unmatched;
  }

  /**
   * Reads holding registers (function 3), two bytes each.
   *
   * @throws ModbusExceptionError when the dispenser refuses; FusionChargeError `FUSIONCHARGE_TIMEOUT` or
   *   `FUSIONCHARGE_CLOSED`
   */
  async readRegisters(address: number, count: number): Promise<Buffer> {
    return (await this.#request(3, () => this.#client.readHoldingRegisters(address, count))).buffer;
  }

  /** Writes one register (function 6). Throws as {@link readRegisters}. */
  async writeRegister(address: number, value: number): Promise<void> {
    await this.#request(6, () => this.#client.writeRegister(address, value));
  }

  /** Writes registers (function 16), two bytes each. Throws as {@link readRegisters}. */
  async writeRegisters(address: number, data: Buffer): Promise<void> {
    await this.#request(16, () => this.#client.writeRegisters(address, data));
  }

  /**
   * Reads a value.
   *
   * @param connector - local connector number of a value that each connector has
   */
  async read<T>(register: Register<T>, connector = 1): Promise<T> {
    return register.type.decode(
      await this.readRegisters(addressOf(register, connector), register.type.count),
    );
  }

  /** Writes a value: a single register with function 6, a longer one whole with function 16. */
  async write<T>(register: Register<T>, value: T, connector = 1): Promise<void> {
    const data = register.type.encode(value);
    const address = addressOf(register, connector);
    if (data.length === 2) await this.writeRegister(address, data.readUInt16BE(0));
    else await this.writeRegisters(address, data);
  }

  /** Ends the connection in the ordinary way, with FIN. */
  close(): void {
    closeSocket(this.#socket, this.#clock);
  }

  /** Cuts the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #request<T>(functionCode: number, send: () => Promise<T>): Promise<T> {
    if (!this.isOpen)
      throw new FusionChargeError('FUSIONCHARGE_CLOSED', 'the connection with the dispenser is closed');
    try {
      return await withTimeout(
        this.#clock,
        Promise.race([send(), this.#closed]),
        this.#timeoutMs,
        `Modbus function ${functionCode}`,
      );
    } catch (error) {
      if (error instanceof TimeoutError)
        throw new FusionChargeError(
          'FUSIONCHARGE_TIMEOUT',
          `the dispenser did not answer Modbus function ${functionCode} within ${this.#timeoutMs} ms`,
        );
      if (error instanceof Error && 'modbusCode' in error && typeof error.modbusCode === 'number')
        throw new ModbusExceptionError(functionCode, error.modbusCode);
      if (error instanceof FusionChargeError) throw error;
      throw new FusionChargeError(
        'FUSIONCHARGE_FORMAT',
        `the dispenser answered Modbus function ${functionCode} wrongly`,
        { cause: error },
      );
    }
  }

  #onReport(adu: Adu): void {
    let report: UnsolicitedReport;
    try {
      report = decodeReport(adu.pdu);
    } catch (error) {
      if (error instanceof FusionChargeError) this.emit('malformed', error);
      return;
    }
    if (report.responseRequired)
      this.#socket.write(
        encodeAdu(adu.transactionId, adu.unitId, encodeReportResponse(true), adu.protocolId),
      );
    this.emit('report', report);
  }
}
