// SPDX-License-Identifier: Apache-2.0
import { BerReader, lengthSize, writeHeader } from './ber.js';
import { GooseFrameError, GooseValueError } from './errors.js';
import { dataSize, decodeData, writeData, type GooseData } from './goose-data.js';
import type { GooseTime } from './goose-time.js';

/** The message of a frame, with the field names of IEC 61850-8-1. */
export interface GoosePdu {
  /** Reference of the control block, at most 64 ASCII characters. */
  readonly gocbRef: string;
  /** How long a receiver may rely on the values, in milliseconds. */
  readonly timeAllowedToLive: number;
  readonly datSet: string;
  readonly goID: string;
  /** When this state came into being. */
  readonly t: GooseTime;
  /** Number of the state, 0 .. 2^32-1. */
  readonly stNum: number;
  /** Repetition of the state, from 0. */
  readonly sqNum: number;
  readonly simulation: boolean;
  readonly confRev: number;
  readonly ndsCom: boolean;
  readonly allData: readonly GooseData[];
}

/** A PDU in bytes, and where its sequence number stands so that a repetition can be made from it. */
export interface EncodedPdu {
  readonly size: number;
  /** Writes the PDU and returns the offset of the four bytes of sqNum. */
  write(buffer: Buffer, offset: number): number;
}

const TAG = {
  pdu: 0x61,
  gocbRef: 0x80,
  timeAllowedToLive: 0x81,
  datSet: 0x82,
  goID: 0x83,
  t: 0x84,
  stNum: 0x85,
  sqNum: 0x86,
  simulation: 0x87,
  confRev: 0x88,
  ndsCom: 0x89,
  numDatSetEntries: 0x8a,
  allData: 0xab,
} as const;

/** VisibleString of IEC 61850-8-1, with the terminating NUL that some receivers depend on. */
const LONGEST_STRING = 65;
const TIME_SIZE = 8;
/** Tag, length and four bytes: timeAllowedToLive, stNum, sqNum, confRev, numDatSetEntries. */
const COUNTERS_SIZE = 5 * 6;
/** Tag, length and one byte: simulation, ndsCom. */
const FLAGS_SIZE = 2 * 3;

/**
 * Reads a PDU, which must fill the bytes from `start` to `end`.
 *
 * Integers may be shorter than four bytes; texts may lack their NUL or be filled up with it, as field equipment sends
 * them.
 *
 * @throws GooseFrameError on anything else
 */
export function decodePdu(bytes: Buffer, start = 0, end = bytes.length): GoosePdu {
  const outer = new BerReader(bytes, start, end).expect(TAG.pdu, 'GOOSE PDU');
  requireEnd(outer, 'the GOOSE PDU');
  const reader = outer.inside();
  const counter = (tag: number, what: string): number => reader.expect(tag, what).unsigned(4, what);
  const flag = (tag: number, what: string): boolean => reader.expect(tag, what).unsigned(1, what) !== 0;

  const gocbRef = readString(reader.expect(TAG.gocbRef, 'gocbRef'));
  const timeAllowedToLive = counter(TAG.timeAllowedToLive, 'timeAllowedToLive');
  const datSet = readString(reader.expect(TAG.datSet, 'datSet'));
  const goID = readString(reader.expect(TAG.goID, 'goID'));
  const t = readTime(reader.expect(TAG.t, 't'));
  const stNum = counter(TAG.stNum, 'stNum');
  const sqNum = counter(TAG.sqNum, 'sqNum');
  const simulation = flag(TAG.simulation, 'simulation');
  const confRev = counter(TAG.confRev, 'confRev');
  const ndsCom = flag(TAG.ndsCom, 'ndsCom');
  const entries = counter(TAG.numDatSetEntries, 'numDatSetEntries');
  const dataReader = reader.expect(TAG.allData, 'allData').inside();
  requireEnd(reader, 'allData');

  const allData: GooseData[] = [];
  while (!dataReader.atEnd) allData.push(decodeData(dataReader.next()));
  if (allData.length !== entries)
    throw new GooseFrameError(
      'GOOSE_MALFORMED',
      `${entries} data entries announced, ${allData.length} found`,
    );
  return {
    gocbRef,
    timeAllowedToLive,
    datSet,
    goID,
    t,
    stNum,
    sqNum,
    simulation,
    confRev,
    ndsCom,
    allData,
  };
}

/**
 * Measures a PDU and hands back how to write it.
 *
 * @throws GooseValueError when a value does not fit its field
 */
export function preparePdu(pdu: GoosePdu): EncodedPdu {
  let allDataSize = 0;
  for (const entry of pdu.allData) allDataSize += dataSize(entry);
  const contentSize =
    stringSize(pdu.gocbRef) +
    stringSize(pdu.datSet) +
    stringSize(pdu.goID) +
    (2 + TIME_SIZE) +
    COUNTERS_SIZE +
    FLAGS_SIZE +
    (1 + lengthSize(allDataSize) + allDataSize);

  const write = (buffer: Buffer, offset: number): number => {
    let at = writeHeader(buffer, offset, TAG.pdu, contentSize);
    at = writeString(buffer, at, TAG.gocbRef, pdu.gocbRef);
    at = writeCounter(buffer, at, TAG.timeAllowedToLive, pdu.timeAllowedToLive);
    at = writeString(buffer, at, TAG.datSet, pdu.datSet);
    at = writeString(buffer, at, TAG.goID, pdu.goID);
    at = writeTime(buffer, at, pdu.t);
    at = writeCounter(buffer, at, TAG.stNum, pdu.stNum);
    at = writeCounter(buffer, at, TAG.sqNum, pdu.sqNum);
    const sqNumOffset = at - 4;
    at = writeFlag(buffer, at, TAG.simulation, pdu.simulation);
    at = writeCounter(buffer, at, TAG.confRev, pdu.confRev);
    at = writeFlag(buffer, at, TAG.ndsCom, pdu.ndsCom);
    at = writeCounter(buffer, at, TAG.numDatSetEntries, pdu.allData.length);
    at = writeHeader(buffer, at, TAG.allData, allDataSize);
    for (const entry of pdu.allData) at = writeData(buffer, at, entry);
    return sqNumOffset;
  };
  return { size: 1 + lengthSize(contentSize) + contentSize, write };
}

/**
 * The PDU in bytes: counters in four bytes, texts with their terminating NUL.
 *
 * @throws GooseValueError when a value does not fit its field
 */
export function encodePdu(pdu: GoosePdu): Buffer {
  const prepared = preparePdu(pdu);
  const buffer = Buffer.allocUnsafe(prepared.size);
  prepared.write(buffer, 0);
  return buffer;
}

function requireEnd(reader: BerReader, what: string): void {
  if (!reader.atEnd) throw new GooseFrameError('GOOSE_MALFORMED', `bytes follow ${what}`);
}

function readString({ bytes, start, end, length }: BerReader): string {
  if (length > LONGEST_STRING)
    throw new GooseFrameError('GOOSE_MALFORMED', `a text of ${length} bytes, at most 65 are allowed`);
  // Like receivers in C: equipment that sends texts in fields of fixed size fills them up with NUL.
  const terminator = bytes.indexOf(0, start);
  return bytes.toString('latin1', start, terminator < 0 ? end : Math.min(terminator, end));
}

function stringSize(text: string): number {
  if (text.length >= LONGEST_STRING) throw badText(text);
  return 2 + text.length + 1;
}

/** Character by character: faster than Buffer.write for texts this short, and checked on the way. */
function writeString(buffer: Buffer, offset: number, tag: number, text: string): number {
  const start = writeHeader(buffer, offset, tag, text.length + 1);
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character < 0x20 || character > 0x7e) throw badText(text);
    buffer[start + index] = character;
  }
  buffer[start + text.length] = 0;
  return start + text.length + 1;
}

function badText(text: string): GooseValueError {
  return new GooseValueError(`"${text}" is not a text of at most 64 printable ASCII characters`);
}

function writeCounter(buffer: Buffer, offset: number, tag: number, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new GooseValueError(`${value} is no unsigned 32-bit number`);
  buffer[offset] = tag;
  buffer[offset + 1] = 4;
  return buffer.writeUInt32BE(value, offset + 2);
}

function writeFlag(buffer: Buffer, offset: number, tag: number, value: boolean): number {
  buffer[offset] = tag;
  buffer[offset + 1] = 1;
  buffer[offset + 2] = value ? 1 : 0;
  return offset + 3;
}

function readTime({ bytes, start, length }: BerReader): GooseTime {
  if (length !== TIME_SIZE) throw new GooseFrameError('GOOSE_MALFORMED', `t has 8 bytes, found ${length}`);
  return {
    seconds: bytes.readUInt32BE(start),
    fraction: bytes.readUIntBE(start + 4, 3),
    quality: bytes.readUInt8(start + 7),
  };
}

function writeTime(buffer: Buffer, offset: number, t: GooseTime): number {
  buffer[offset] = TAG.t;
  buffer[offset + 1] = TIME_SIZE;
  buffer.writeUInt32BE(t.seconds, offset + 2);
  buffer.writeUIntBE(t.fraction, offset + 6, 3);
  return buffer.writeUInt8(t.quality, offset + 9);
}
