// SPDX-License-Identifier: Apache-2.0
import { MAX_PDU_BYTES, MBAP_HEADER_BYTES, writeMbapHeader, type Adu } from './mbap.js';
import { respondInto } from './modbus-responder.js';
import type { RegisterBank } from './register-bank.js';

const FIRST_BYTES = 512;
const LONGEST_ADU = MBAP_HEADER_BYTES + MAX_PDU_BYTES;

/** Collects the answers to the requests of one chunk, so that they are sent with one call. */
export class AnswerBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  constructor(private readonly bank: RegisterBank) {}

  /** Serves a request and keeps its answer. */
  serve(adu: Adu): void {
    const start = this.#length;
    if (start + LONGEST_ADU > this.#bytes.length) {
      const longer = Buffer.allocUnsafe(2 * this.#bytes.length);
      this.#bytes.copy(longer, 0, 0, start);
      this.#bytes = longer;
    }
    const length = respondInto(this.bank, adu.pdu, this.#bytes, start + MBAP_HEADER_BYTES);
    writeMbapHeader(this.#bytes, start, adu.transactionId, adu.protocolId, adu.unitId, length);
    this.#length = start + MBAP_HEADER_BYTES + length;
  }

  /** The answers since the last call, in order; empty when there are none. */
  take(): Buffer {
    const answers = this.#bytes.subarray(0, this.#length);
    // The socket may hold on to these bytes, so they are not used again.
    if (this.#length > 0) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = 0;
    return answers;
  }
}
