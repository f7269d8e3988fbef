// SPDX-License-Identifier: Apache-2.0
import { fromBase64, fromHex } from './binary-text.js';
import type { Curve } from './curves.js';
import { excerpt, OcmfError } from './errors.js';

/** How r and s were written: canonical DER, DER with a device's quirks, or bare r‖s. */
export type SignatureForm = 'der' | 'der-noncanonical' | 'raw-rs';

/** A signature read from SD. */
export interface Signature {
  readonly form: SignatureForm;
  /** r‖s, each as long as a coordinate of the curve (IEEE P1363). */
  readonly p1363: Buffer;
  /** What is not canonical in the DER form; empty for `der` and `raw-rs`. */
  readonly derProblems: readonly string[];
}

interface Numbers {
  readonly r: Buffer;
  readonly s: Buffer;
  readonly problems: readonly string[];
}

/** Length at `at`: short form, or long form of one or two bytes. Undefined when cut off or of another form. */
function readLength(bytes: Buffer, at: number): { length: number; next: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { length: first, next: at + 1 };
  const count = first & 0x7f;
  if ((count !== 1 && count !== 2) || at + 1 + count > bytes.length) return undefined;
  return { length: bytes.readUIntBE(at + 1, count), next: at + 1 + count };
}

/**
 * SEQUENCE of two INTEGERs that fills `bytes` exactly, r and s read as unsigned numbers.
 *
 * Isabellenhütte IEM-DCR (firmware of 2025) and eBZ LD3 leave out the 00 before a number whose highest bit is set, or
 * write one too many. The numbers are the same, so the signature is what the meter meant.
 */
function readDer(bytes: Buffer): Numbers | undefined {
  if (bytes[0] !== 0x30) return undefined;
  const sequence = readLength(bytes, 1);
  if (sequence === undefined || sequence.next + sequence.length !== bytes.length) return undefined;
  const problems: string[] = [];
  if (sequence.next > 2 && sequence.length < 0x80) problems.push('length of the sequence in long form');
  const numbers: Buffer[] = [];
  let at = sequence.next;
  for (const name of ['r', 's']) {
    if (bytes[at] !== 0x02) return undefined;
    const integer = readLength(bytes, at + 1);
    if (integer === undefined || integer.length === 0 || integer.next + integer.length > bytes.length)
      return undefined;
    if (integer.next > at + 2) problems.push(`${name}: length in long form`);
    const number = bytes.subarray(integer.next, integer.next + integer.length);
    const [first = 0, second = 0] = number;
    if (first >= 0x80) problems.push(`${name}: high bit set without a leading 00`);
    if (number.length > 1 && first === 0 && second < 0x80) problems.push(`${name}: superfluous leading 00`);
    numbers.push(number);
    at = integer.next + integer.length;
  }
  const [r, s] = numbers;
  return at === bytes.length && r !== undefined && s !== undefined ? { r, s, problems } : undefined;
}

/** As long as the longest r or s. */
const ZERO = Buffer.alloc(48);

function copyPadded(number: Buffer, target: Buffer, offset: number, size: number): boolean {
  let start = 0;
  while (start < number.length && number[start] === 0) start++;
  const length = number.length - start;
  if (length > size) return false;
  number.copy(target, offset + size - length, start);
  return true;
}

/** Whether the `size` bytes at `offset` are a number in 1 … order - 1. */
function inRange(p1363: Buffer, offset: number, curve: Curve): boolean {
  const number = p1363.subarray(offset, offset + curve.size);
  return !number.equals(ZERO.subarray(0, curve.size)) && number.compare(curve.order) < 0;
}

/** The bytes of SD by its encoding. */
function decode(sd: string, encoding: string): Buffer {
  const compact = /\s/.test(sd) ? sd.replace(/\s+/g, '') : sd;
  if (compact === '') throw new OcmfError('OCMF_SIGNATURE', 'SD is empty: the record carries no signature');
  const encodingName = encoding.toLowerCase();
  if (encodingName !== 'hex' && encodingName !== 'base64')
    throw new OcmfError('OCMF_SIGNATURE', `SE ${excerpt(encoding)} is neither hex nor base64`);
  const bytes = encodingName === 'hex' ? fromHex(compact) : fromBase64(compact);
  if (bytes === undefined)
    throw new OcmfError(
      'OCMF_SIGNATURE',
      `SD ${excerpt(sd)} is not ${encodingName}, as SE or its default says`,
    );
  return bytes;
}

/**
 * Reads SD: canonical DER, DER as real meters write it, or bare r‖s.
 *
 * @param encoding - SE, `hex` or `base64`
 * @throws OcmfError `OCMF_SIGNATURE` when it is none of them, or r or s is outside 1 … order - 1
 */
export function readSignature(sd: string, encoding: string, curve: Curve): Signature {
  const bytes = decode(sd, encoding);
  const size = curve.size;
  const numbers = readDer(bytes);
  const p1363 = numbers === undefined ? bytes : Buffer.alloc(2 * size);
  if (numbers === undefined) {
    if (bytes.length !== 2 * size)
      throw new OcmfError(
        'OCMF_SIGNATURE',
        `SD has ${bytes.length} bytes that are no DER signature, and r and s of ${curve.name} take ${2 * size}`,
      );
  } else if (!copyPadded(numbers.r, p1363, 0, size) || !copyPadded(numbers.s, p1363, size, size)) {
    throw new OcmfError('OCMF_SIGNATURE', `r or s in SD is longer than the ${size} bytes of ${curve.name}`);
  }
  if (!inRange(p1363, 0, curve) || !inRange(p1363, size, curve))
    throw new OcmfError('OCMF_SIGNATURE', `r or s in SD is zero or not below the order of ${curve.name}`);
  const derProblems = numbers?.problems ?? [];
  const form = numbers === undefined ? 'raw-rs' : derProblems.length === 0 ? 'der' : 'der-noncanonical';
  return { form, p1363, derProblems };
}
