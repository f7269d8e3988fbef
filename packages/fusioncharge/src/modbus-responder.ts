// SPDX-License-Identifier: Apache-2.0
import { MAX_PDU_BYTES } from './mbap.js';
import type { RegisterBank } from './register-bank.js';

/** Function codes that a dispenser serves. */
export const FunctionCode = {
  READ_HOLDING_REGISTERS: 3,
  WRITE_SINGLE_REGISTER: 6,
  WRITE_MULTIPLE_REGISTERS: 16,
} as const;

/** Exception codes that a dispenser answers with. An unknown address is not an error. */
export const ExceptionCode = {
  ILLEGAL_FUNCTION: 1,
  ILLEGAL_DATA_VALUE: 3,
  SERVER_DEVICE_FAILURE: 4,
} as const;

const MAX_READ = 125;
const MAX_WRITE = 123;

/**
 * Serves one request and returns the PDU of the answer. Never throws.
 *
 * What a write brings about happens before this returns, hence before the answer can be sent.
 *
 * @param pdu - function code and data; the function code alone of a request that was too long
 */
export function respond(bank: RegisterBank, pdu: Buffer): Buffer {
  const answer = Buffer.allocUnsafe(MAX_PDU_BYTES);
  return answer.subarray(0, respondInto(bank, pdu, answer, 0));
}

/**
 * As {@link respond}, with the answer written into `target`, which has room for a whole PDU at `offset`.
 *
 * @returns the length of the answer
 */
export function respondInto(bank: RegisterBank, pdu: Buffer, target: Buffer, offset: number): number {
  const functionCode = pdu[0] ?? 0;
  try {
    switch (functionCode) {
      case FunctionCode.READ_HOLDING_REGISTERS: {
        if (pdu.length !== 5) break;
        const count = pdu.readUInt16BE(3);
        if (count < 1 || count > MAX_READ) break;
        target[offset] = functionCode;
        target[offset + 1] = 2 * count;
        target.set(bank.read(pdu.readUInt16BE(1), count), offset + 2);
        return 2 + 2 * count;
      }
      case FunctionCode.WRITE_SINGLE_REGISTER:
        if (pdu.length !== 5) break;
        bank.write(pdu.readUInt16BE(1), pdu.subarray(3, 5));
        return pdu.copy(target, offset);
      case FunctionCode.WRITE_MULTIPLE_REGISTERS: {
        if (pdu.length < 6) break;
        const count = pdu.readUInt16BE(3);
        if (count > MAX_WRITE || pdu[5] !== 2 * count || pdu.length !== 6 + 2 * count) break;
        bank.write(pdu.readUInt16BE(1), pdu.subarray(6));
        return pdu.copy(target, offset, 0, 5);
      }
      default:
        return writeException(target, offset, functionCode, ExceptionCode.ILLEGAL_FUNCTION);
    }
    return writeException(target, offset, functionCode, ExceptionCode.ILLEGAL_DATA_VALUE);
  } catch {
    return writeException(target, offset, functionCode, ExceptionCode.SERVER_DEVICE_FAILURE);
  }
}

function writeException(target: Buffer, offset: number, functionCode: number, code: number): number {
  target[offset] = functionCode | 0x80;
  target[offset + 1] = code;
  return 2;
}
