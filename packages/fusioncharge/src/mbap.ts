// SPDX-License-Identifier: Apache-2.0

/** Bytes of a Modbus TCP header: transaction, protocol, length, unit. */
export const MBAP_HEADER_BYTES = 7;

/** Longest PDU of Modbus (function code and data). */
export const MAX_PDU_BYTES = 253;

/** One Modbus TCP message as it came in. */
export interface Adu {
  readonly transactionId: number;
  readonly protocolId: number;
  readonly unitId: number;
  /**
   * Function code and data, at least one byte. A view of the receive buffer: copy what outlives the call. Of a message
   * that is {@link oversize}, the function code alone.
   */
  readonly pdu: Buffer;
  /** The message was longer than Modbus allows; its data was thrown away. */
  readonly oversize: boolean;
}

/** Writes the header of a message whose PDU has `pduBytes` bytes. */
export function writeMbapHeader(
  target: Buffer,
  offset: number,
  transactionId: number,
  protocolId: number,
  unitId: number,
  pduBytes: number,
): void {
  target.writeUInt16BE(transactionId, offset);
  target.writeUInt16BE(protocolId, offset + 2);
  target.writeUInt16BE(pduBytes + 1, offset + 4);
  target[offset + 6] = unitId;
}

/** Builds a Modbus TCP message. */
export function encodeAdu(transactionId: number, unitId: number, pdu: Uint8Array, protocolId = 0): Buffer {
  const adu = Buffer.allocUnsafe(MBAP_HEADER_BYTES + pdu.length);
  writeMbapHeader(adu, 0, transactionId, protocolId, unitId, pdu.length);
  adu.set(pdu, MBAP_HEADER_BYTES);
  return adu;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into Modbus TCP messages.
 *
 * Takes chunks of any size, several messages or a part of one. Keeps at most one message in memory: a longer one than
 * Modbus allows is skipped as it arrives and delivered as `oversize`, so that it can be refused and the stream stays
 * in step. A header with a length of 0 or 1 carries no PDU; its seven bytes are skipped, as power units do.
 */
export class AduReader {
  #rest: Buffer = EMPTY;
  #skipped: Adu | undefined;
  #skipBytes = 0;

  /** @param onAdu - called for each complete message, in order, before {@link push} returns */
  constructor(private readonly onAdu: (adu: Adu) => void) {}

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = EMPTY;
    for (;;) {
      if (this.#skipped !== undefined) {
        const count = Math.min(this.#skipBytes, data.length);
        this.#skipBytes -= count;
        data = data.subarray(count);
        if (this.#skipBytes > 0) return;
        const adu = this.#skipped;
        this.#skipped = undefined;
        this.onAdu(adu);
      }
      if (data.length < MBAP_HEADER_BYTES) break;
      const length = data.readUInt16BE(4);
      if (length <= 1) {
        data = data.subarray(MBAP_HEADER_BYTES);
        continue;
      }
      const end = MBAP_HEADER_BYTES - 1 + length;
      const oversize = length - 1 > MAX_PDU_BYTES;
      if (data.length < (oversize ? MBAP_HEADER_BYTES + 1 : end)) break;
      const adu: Adu = {
        transactionId: data.readUInt16BE(0),
        protocolId: data.readUInt16BE(2),
        unitId: data.readUInt8(6),
        pdu: oversize
          ? Buffer.from(data.subarray(MBAP_HEADER_BYTES, MBAP_HEADER_BYTES + 1))
          : data.subarray(MBAP_HEADER_BYTES, end),
        oversize,
      };
      if (oversize) {
        this.#skipped = adu;
        this.#skipBytes = length - 2;
        data = data.subarray(MBAP_HEADER_BYTES + 1);
      } else {
        data = data.subarray(end);
        this.onAdu(adu);
      }
    }
    // A copy, so that a few bytes do not keep a whole receive buffer alive.
    if (data.length > 0) this.#rest = Buffer.from(data);
  }
}
