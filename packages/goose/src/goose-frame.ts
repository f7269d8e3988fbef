// SPDX-License-Identifier: Apache-2.0
import { crc16 } from './crc16.js';
import { GooseFrameError, GooseValueError } from './errors.js';
import type { GooseKey } from './goose-key.js';
import { HMAC_LENGTH } from './hmac-sha256.js';
import { decodePdu, preparePdu, type GoosePdu } from './goose-pdu.js';
import { MacAddress } from './mac-address.js';

/** Ethertype of GOOSE. */
export const ETHERTYPE_GOOSE = 0x88b8;
const TPID_VLAN = 0x8100;

/** The 802.1Q tag of a frame. */
export interface VlanTag {
  /** 0..7, higher is more urgent. */
  readonly priority: number;
  readonly dropEligible?: boolean;
  /** 0..4095; 0 carries a priority only. */
  readonly id: number;
}

/** Priority 5, no VLAN: the tag of FusionCharge frames. */
export const PRIORITY_TAG: VlanTag = { priority: 5, id: 0 };

/** A GOOSE frame as it stands on the wire, without frame check sequence. */
export interface GooseFrame {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  /** Absent in received frames when the network card or the kernel took the tag off. */
  readonly vlan?: VlanTag | undefined;
  readonly appId: number;
  readonly pdu: GoosePdu;
}

/** A received frame. */
export interface ReceivedGooseFrame extends GooseFrame {
  /** Whether the frame has the secure form: right CRC and a signature, which is not yet verified. */
  readonly secure: boolean;
  /** Whether the signature is that of `key`. False for a plain frame. */
  readonly verify: (key: GooseKey) => boolean;
}

const MAC_SIZE = 6;
const VLAN_SIZE = 4;
/** APPID, length and the two reserved words. */
const HEADER_SIZE = 8;
const SHORTEST_FRAME = 60;
/** Tag and length of the octet string that holds the HMAC. */
const TRAILER_TAG = Buffer.from([0xad, 0x00, HMAC_LENGTH]);
const TRAILER_SIZE = TRAILER_TAG.length + HMAC_LENGTH;

/**
 * A frame in bytes whose sequence number can be advanced, for repetitions without encoding everything again.
 */
export class EncodedFrame {
  readonly #buffer: Buffer;
  readonly #sqNumOffset: number;
  readonly #signedFrom: number;
  readonly #signedTo: number;
  readonly #key: GooseKey | undefined;

  /**
   * @param key - signs the frame; without one the frame is plain
   * @throws GooseValueError when a value does not fit its field
   */
  constructor(frame: GooseFrame, key?: GooseKey) {
    const pdu = preparePdu(frame.pdu);
    const etherTypeAt = 2 * MAC_SIZE + (frame.vlan === undefined ? 0 : VLAN_SIZE);
    const headerAt = etherTypeAt + 2;
    const pduAt = headerAt + HEADER_SIZE;
    const pduEnd = pduAt + pdu.size;
    const buffer = Buffer.allocUnsafe(pduEnd + (key === undefined ? 0 : TRAILER_SIZE));

    frame.destination.write(buffer, 0);
    frame.source.write(buffer, MAC_SIZE);
    if (frame.vlan !== undefined) {
      buffer.writeUInt16BE(TPID_VLAN, 2 * MAC_SIZE);
      buffer.writeUInt16BE(encodeVlan(frame.vlan), 2 * MAC_SIZE + 2);
    }
    buffer.writeUInt16BE(ETHERTYPE_GOOSE, etherTypeAt);
    if (!Number.isInteger(frame.appId) || frame.appId < 0 || frame.appId > 0xffff)
      throw new GooseValueError(`APPID ${frame.appId} is no unsigned 16-bit number`);
    buffer.writeUInt16BE(frame.appId, headerAt);
    buffer.writeUInt16BE(HEADER_SIZE + pdu.size, headerAt + 2);
    buffer.writeUInt16BE(key === undefined ? 0 : TRAILER_SIZE, headerAt + 4);
    buffer.writeUInt16BE(key === undefined ? 0 : crc16(buffer, etherTypeAt, headerAt + 6), headerAt + 6);
    this.#sqNumOffset = pdu.write(buffer, pduAt);
    if (key !== undefined) buffer.set(TRAILER_TAG, pduEnd);

    this.#buffer = buffer;
    this.#signedFrom = etherTypeAt;
    this.#signedTo = pduEnd;
    this.#key = key;
    this.#sign();
  }

  /** The frame. The buffer is reused by {@link setSqNum}. */
  get bytes(): Buffer {
    return this.#buffer;
  }

  /** Puts another sequence number into the frame and signs it again. */
  setSqNum(sqNum: number): void {
    this.#buffer.writeUInt32BE(sqNum, this.#sqNumOffset);
    this.#sign();
  }

  #sign(): void {
    this.#key?.signInto(
      this.#buffer.subarray(this.#signedFrom, this.#signedTo),
      this.#buffer,
      this.#signedTo + TRAILER_TAG.length,
    );
  }
}

/**
 * The frame in bytes, signed when there is a key.
 *
 * @throws GooseValueError when a value does not fit its field
 */
export function encodeFrame(frame: GooseFrame, key?: GooseKey): Buffer {
  return new EncodedFrame(frame, key).bytes;
}

/**
 * Reads a frame, tagged or not, plain or secure, with or without padding behind it.
 *
 * The signature is not verified here: the key often depends on what the frame says. Call `verify`.
 *
 * @throws GooseFrameError when the bytes are no GOOSE frame, do not fit together, or the CRC is wrong
 */
export function decodeFrame(bytes: Uint8Array): ReceivedGooseFrame {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < SHORTEST_FRAME)
    throw new GooseFrameError(
      'GOOSE_MALFORMED',
      `an Ethernet frame has at least 60 bytes, found ${buffer.length}`,
    );
  const tagged = buffer.readUInt16BE(2 * MAC_SIZE) === TPID_VLAN;
  const etherTypeAt = 2 * MAC_SIZE + (tagged ? VLAN_SIZE : 0);
  const etherType = buffer.readUInt16BE(etherTypeAt);
  if (etherType !== ETHERTYPE_GOOSE)
    throw new GooseFrameError('GOOSE_OTHER_PROTOCOL', `ethertype 0x${etherType.toString(16)} is not GOOSE`);

  const headerAt = etherTypeAt + 2;
  const length = buffer.readUInt16BE(headerAt + 2);
  const end = headerAt + length;
  if (length < HEADER_SIZE || end > buffer.length)
    throw new GooseFrameError(
      'GOOSE_MALFORMED',
      `length ${length} does not fit a frame of ${buffer.length} bytes`,
    );
  const signature = readSignature(buffer, etherTypeAt, end);
  return {
    destination: MacAddress.at(buffer, 0),
    source: MacAddress.at(buffer, MAC_SIZE),
    vlan: tagged ? decodeVlan(buffer.readUInt16BE(2 * MAC_SIZE + 2)) : undefined,
    appId: buffer.readUInt16BE(headerAt),
    pdu: decodePdu(buffer, headerAt + HEADER_SIZE, end),
    secure: signature !== undefined,
    verify: (key) => signature !== undefined && key.verify(signature.covered, signature.hmac),
  };
}

interface Signature {
  readonly covered: Buffer;
  readonly hmac: Buffer;
}

/** The signature behind the message at `end`; undefined for a plain frame. */
function readSignature(buffer: Buffer, etherTypeAt: number, end: number): Signature | undefined {
  const reserved1 = buffer.readUInt16BE(etherTypeAt + 6);
  const reserved2 = buffer.readUInt16BE(etherTypeAt + 8);
  const extension = reserved1 & 0xff;
  if (extension === 0) {
    if (reserved1 !== 0 || reserved2 !== 0)
      throw new GooseFrameError('GOOSE_MALFORMED', 'the reserved words of a plain frame are not zero');
    return undefined;
  }
  if (crc16(buffer, etherTypeAt, etherTypeAt + 8) !== reserved2)
    throw new GooseFrameError('GOOSE_CRC', 'the CRC of the secure header does not match');
  const hmacEnd = end + extension;
  const trailerAt = hmacEnd - TRAILER_SIZE;
  if (extension < TRAILER_SIZE || hmacEnd > buffer.length)
    throw new GooseFrameError('GOOSE_MALFORMED', `a security extension of ${extension} bytes does not fit`);
  // These three bytes are not signed; accepting others would let a changed frame through.
  if (buffer.compare(TRAILER_TAG, 0, TRAILER_TAG.length, trailerAt, trailerAt + TRAILER_TAG.length) !== 0)
    throw new GooseFrameError('GOOSE_MALFORMED', 'the security extension does not start with AD 00 20');
  return {
    covered: buffer.subarray(etherTypeAt, trailerAt),
    hmac: buffer.subarray(hmacEnd - HMAC_LENGTH, hmacEnd),
  };
}

function encodeVlan({ priority, dropEligible = false, id }: VlanTag): number {
  if (!Number.isInteger(priority) || priority < 0 || priority > 7)
    throw new GooseValueError(`VLAN priority ${priority} is not within 0..7`);
  if (!Number.isInteger(id) || id < 0 || id > 4095)
    throw new GooseValueError(`VLAN id ${id} is not within 0..4095`);
  return (priority << 13) | (dropEligible ? 0x1000 : 0) | id;
}

function decodeVlan(tci: number): VlanTag {
  return { priority: tci >>> 13, dropEligible: (tci & 0x1000) !== 0, id: tci & 0x0fff };
}
