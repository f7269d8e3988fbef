// SPDX-License-Identifier: Apache-2.0
import { FusionChargeError } from './errors.js';

/** Function code of unsolicited reports. */
export const REPORT_FUNCTION = 0x41;

const SUB_FUNCTION = 0x91;
const RESPONSE_REQUIRED = 0x80;

/** Consecutive registers in a report. */
export interface ReportSegment {
  /** Address of the first register. */
  readonly address: number;
  /** Two bytes for each register. */
  readonly data: Buffer;
}

/** What one device reports. */
export interface ReportDevice {
  readonly location: number;
  readonly segments: readonly ReportSegment[];
}

/** An unsolicited report of the dispenser. */
export interface UnsolicitedReport {
  readonly responseRequired: boolean;
  readonly devices: readonly ReportDevice[];
}

/**
 * Joins segments that follow each other directly: the first segment (in list order) that another one continues takes
 * over that one's data, again and again until none fits. Gaps are never filled.
 */
export function mergeSegments(segments: readonly ReportSegment[]): ReportSegment[] {
  const merged = [...segments];
  for (let index = 0; index < merged.length;) {
    const segment = merged[index];
    if (segment === undefined) break;
    const end = segment.address + segment.data.length / 2;
    const next = merged.findIndex((other, at) => at !== index && other.address === end);
    const follower = merged[next];
    if (follower === undefined) {
      index += 1;
      continue;
    }
    merged[index] = { address: segment.address, data: Buffer.concat([segment.data, follower.data]) };
    merged.splice(next, 1);
    index = 0;
  }
  return merged;
}

/** The PDU of a report. */
export function encodeReport(report: UnsolicitedReport): Buffer {
  const parts: Buffer[] = [Buffer.alloc(7)];
  for (const device of report.devices) {
    const head = Buffer.allocUnsafe(4);
    head.writeUInt16BE(device.location, 0);
    head.writeUInt16BE(device.segments.length, 2);
    parts.push(head);
    for (const segment of device.segments) {
      const segmentHead = Buffer.allocUnsafe(4);
      segmentHead.writeUInt16BE(segment.address, 0);
      segmentHead.writeUInt16BE(segment.data.length / 2, 2);
      parts.push(segmentHead, segment.data);
    }
  }
  const pdu = Buffer.concat(parts);
  pdu.writeUInt8(REPORT_FUNCTION, 0);
  pdu.writeUInt8(SUB_FUNCTION, 1);
  pdu.writeUInt16BE(pdu.length - 4, 2);
  pdu.writeUInt8(report.responseRequired ? RESPONSE_REQUIRED : 0, 4);
  pdu.writeUInt16BE(report.devices.length, 5);
  return pdu;
}

function malformed(why: string): FusionChargeError {
  return new FusionChargeError('FUSIONCHARGE_FORMAT', `malformed unsolicited report: ${why}`);
}

/**
 * Reads the PDU of a report.
 *
 * @throws FusionChargeError `FUSIONCHARGE_FORMAT` when it is not one, or a device or segment does not fit
 */
export function decodeReport(pdu: Buffer): UnsolicitedReport {
  if (pdu.length < 7 || pdu[0] !== REPORT_FUNCTION || pdu[1] !== SUB_FUNCTION)
    throw malformed('function or sub-function is not 41 91, or it ends too early');
  const length = pdu.readUInt16BE(2);
  if (length !== pdu.length - 4) throw malformed(`length ${length} but ${pdu.length - 4} bytes follow`);
  const devices: ReportDevice[] = [];
  let offset = 7;
  const word = (what: string): number => {
    if (offset + 2 > pdu.length) throw malformed(`${what} is missing`);
    offset += 2;
    return pdu.readUInt16BE(offset - 2);
  };
  const deviceCount = pdu.readUInt16BE(5);
  for (let device = 0; device < deviceCount; device++) {
    const location = word('the location of a device');
    const segmentCount = word('the number of segments');
    const segments: ReportSegment[] = [];
    for (let segment = 0; segment < segmentCount; segment++) {
      const address = word('the address of a segment');
      const bytes = 2 * word('the size of a segment');
      if (offset + bytes > pdu.length) throw malformed('a segment is longer than the report');
      segments.push({ address, data: Buffer.from(pdu.subarray(offset, offset + bytes)) });
      offset += bytes;
    }
    devices.push({ location, segments });
  }
  if (offset !== pdu.length) throw malformed(`${pdu.length - offset} bytes after the last device`);
  return { responseRequired: ((pdu[4] ?? 0) & RESPONSE_REQUIRED) !== 0, devices };
}

/** The PDU that answers a report which requires it. Its length field says 1 although two bytes follow. */
export function encodeReportResponse(success: boolean): Buffer {
  return Buffer.from([REPORT_FUNCTION, SUB_FUNCTION, 0x00, 0x01, 0x00, success ? 0x00 : 0x01]);
}

/**
 * Reads the answer to a report: true means success. The length field is not looked at.
 *
 * @throws FusionChargeError `FUSIONCHARGE_FORMAT` when it is not one
 */
export function decodeReportResponse(pdu: Buffer): boolean {
  if (pdu.length !== 6 || pdu[0] !== REPORT_FUNCTION || pdu[1] !== SUB_FUNCTION)
    throw new FusionChargeError('FUSIONCHARGE_FORMAT', 'malformed answer to an unsolicited report');
  return pdu[4] === 0 && pdu[5] === 0;
}
