// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { AduReader, encodeAdu, type Adu } from './mbap.js';
import { REPORT_FUNCTION } from './report.js';

const CRC_BYTES = 2;

/** CRC-16 of Modbus RTU: polynomial 0xA001 reflected, initial 0xFFFF. */
function crc16(data: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

interface Waiting {
  readonly clientId: number;
  readonly unitId: number;
  readonly functionCode: number;
}

/**
 * Lets modbus-serial act as Modbus client on a socket that the power unit has accepted.
 *
 * Answers are matched by transaction, protocol, unit and function and handed on; unsolicited reports (function 0x41)
 * are taken out; everything else is dropped and counted. Transaction ids on the wire count from 0 through 65535.
 */
export class PowerUnitPort extends EventEmitter {
  // The two fields are modbus-serial's contract with its ports.
  _transactionIdRead = 0;
  _transactionIdWrite = 0;

  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  /** Ids for modbus-serial that came back. It keeps a record for each id it has ever used, so they are used again. */
  readonly #freeIds: number[] = [];
  #usedIds = 2; // modbus-serial itself begins with 1
  #nextWireId = 0;
  #unmatched = 0;

  /** @param onReport - gets each message with function 0x41 */
  constructor(socket: Socket, onReport: (adu: Adu) => void) {
    super();
    this.#socket = socket;
    const reader = new AduReader((adu) => {
      if (adu.pdu[0] === REPORT_FUNCTION) onReport(adu);
      else this.#answer(adu);
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('close', () => this.emit('close'));
  }

  /** Messages that answered nothing. */
  get unmatched(): number {
    return this.#unmatched;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  open(callback: (error?: Error) => void): void {
    callback(this.isOpen ? undefined : new Error('the socket is closed'));
  }

  close(callback?: () => void): void {
    this.#socket.end(callback);
  }

  /** Sends a request; modbus-serial hands over unit, PDU and CRC as on a serial line. */
  write(data: Buffer): void {
    const wireId = this.#nextWireId;
    this.#nextWireId = (wireId + 1) & 0xffff;
    const clientId = this._transactionIdWrite;
    // 65536 requests later nobody waits for the old one any more.
    const stale = this.#waiting.get(wireId);
    if (stale !== undefined) this.#freeIds.push(stale.clientId);
    const unitId = data.readUInt8(0);
    this.#waiting.set(wireId, { clientId, unitId, functionCode: data.readUInt8(1) });
    this._transactionIdWrite = this.#freeIds.pop() ?? this.#usedIds++;
    this.#socket.write(encodeAdu(wireId, unitId, data.subarray(1, -CRC_BYTES)));
  }

  #answer(adu: Adu): void {
    const waiting = this.#waiting.get(adu.transactionId);
    if (
      waiting === undefined ||
      adu.oversize ||
      adu.protocolId !== 0 ||
      adu.unitId !== waiting.unitId ||
      ((adu.pdu[0] ?? 0) & 0x7f) !== waiting.functionCode
    ) {
      this.#unmatched += 1;
      return;
    }
    this.#waiting.delete(adu.transactionId);
    this.#freeIds.push(waiting.clientId);
    const line = Buffer.allocUnsafe(1 + adu.pdu.length + CRC_BYTES);
    line.writeUInt8(adu.unitId, 0);
    line.set(adu.pdu, 1);
    line.writeUInt16LE(crc16(line.subarray(0, -CRC_BYTES)), 1 + adu.pdu.length);
    this._transactionIdRead = waiting.clientId;
    this.emit('data', line);
  }
}
