// SPDX-License-Identifier: Apache-2.0
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

function exception(functionCode: number, code: number): Buffer {
  return Buffer.from([functionCode | 0x80, code]);
}

/**
 * Serves one request and returns the PDU of the answer. Never throws.
 *
 * What a write brings about happens before this returns, hence before the answer can be sent.
 *
 * @param pdu - function code and data; the function code alone of a request that was too long
 */
export function respond(bank: RegisterBank, pdu: Buffer): Buffer {
  const functionCode = pdu[0] ?? 0;
  try {
    switch (functionCode) {
      case FunctionCode.READ_HOLDING_REGISTERS: {
        if (pdu.length !== 5) break;
        const count = pdu.readUInt16BE(3);
        if (count < 1 || count > MAX_READ) break;
        const answer = Buffer.allocUnsafe(2 + 2 * count);
        answer[0] = functionCode;
        answer[1] = 2 * count;
        answer.set(bank.read(pdu.readUInt16BE(1), count), 2);
        return answer;
      }
      case FunctionCode.WRITE_SINGLE_REGISTER:
        if (pdu.length !== 5) break;
        bank.write(pdu.readUInt16BE(1), pdu.subarray(3, 5));
        return Buffer.from(pdu);
      case FunctionCode.WRITE_MULTIPLE_REGISTERS: {
        if (pdu.length < 6) break;
        const count = pdu.readUInt16BE(3);
        if (count > MAX_WRITE || pdu[5] !== 2 * count || pdu.length !== 6 + 2 * count) break;
        bank.write(pdu.readUInt16BE(1), pdu.subarray(6));
        return Buffer.from(pdu.subarray(0, 5));
      }
      default:
        return exception(functionCode, ExceptionCode.ILLEGAL_FUNCTION);
    }
    return exception(functionCode, ExceptionCode.ILLEGAL_DATA_VALUE);
  } catch {
    return exception(functionCode, ExceptionCode.SERVER_DEVICE_FAILURE);
  }
}
