// SPDX-License-Identifier: Apache-2.0
/**
 * The three messages that Huawei FusionCharge V100R023C10 equipment exchanges over GOOSE: power request and stop
 * request from the dispenser, and the power unit's reply to a module placeholder request.
 */
import { GooseFrameError } from './errors.js';
import { float32, uint16, type GooseData } from './goose-data.js';
import type { GoosePdu } from './goose-pdu.js';
import type { GooseMessage } from './publisher.js';

/** What a power request asks for. */
export const RequirementType = {
  /** Reserve power modules for the connector; to be answered. */
  ModulePlaceholder: 1,
  InsulationDetectionOutput: 2,
  InsulationDetectionStop: 3,
  Precharge: 4,
  Charging: 5,
} as const;

/** How the output is regulated. */
export const RegulationMode = {
  None: 0,
  ConstantVoltage: 1,
  ConstantCurrent: 2,
} as const;

/** Why the output is to be switched off. */
export const StopReason = {
  Normal: 0x1000,
  ConnectorDisconnected: 0x1001,
  ConnectorNotProperlyInserted: 0x1002,
  InsulationFault: 0x1003,
  EmergencyStop: 0x1004,
  VehicleMismatch: 0x1005,
  OtherChargerFault: 0x1006,
  OtherVehicleFault: 0x1007,
  BatteryManagementNotConnected: 0x1008,
  PowerUnitCannotCharge: 0x1009,
} as const;

interface Addressed {
  /** Global connector number. */
  readonly connector: number;
  /** Charging serial number; 0xFFFF when unused. Default 0xFFFF. */
  readonly serialNumber?: number;
}

interface Demand extends Addressed {
  /** One of {@link RequirementType}; other values are handed through. */
  readonly requirement: number;
  /** One of {@link RegulationMode}; other values are handed through. */
  readonly mode: number;
  /** V */
  readonly voltage: number;
  /** A */
  readonly current: number;
}

/** Dispenser to power unit: what a connector needs. */
export interface PowerRequest extends Demand {
  readonly kind: 'request';
}

/** Power unit to dispenser: answer to a module placeholder request. */
export interface PowerReply extends Demand {
  readonly kind: 'reply';
  /** Whether the modules were allocated. */
  readonly success: boolean;
}

/** Dispenser to power unit: switch a connector off. */
export interface StopRequest extends Addressed {
  readonly kind: 'stop';
  /** One of {@link StopReason}; other values are handed through. */
  readonly reason: number;
}

/** One of the three messages. */
export type PowerMessage = PowerRequest | PowerReply | StopRequest;

/** APPID and text of each message. */
export const POWER_MESSAGES = {
  request: { appId: 0x0001, gocbRef: 'CC/0$GO$PowerRequest' },
  reply: { appId: 0x3001, gocbRef: 'CC/0$GO$PowerRequestReply' },
  stop: { appId: 0x3002, gocbRef: 'CC/0$GO$ShutdownRequest' },
} as const;

const UNUSED = 0xffff;
/** Fills the entries at the end that have no meaning. */
const NOTHING = uint16(UNUSED);
const REQUEST_ENTRIES = 8;
const REPLY_ENTRIES = 9;
const STOP_ENTRIES = 5;

/**
 * Turns a message into what a publisher sends.
 *
 * The numbers are checked when the frame is made: connector, serial number and enumerations are unsigned 16-bit.
 */
export function encodePowerMessage(message: PowerMessage): GooseMessage {
  const connector = uint16(message.connector);
  const serialNumber = uint16(message.serialNumber ?? UNUSED);
  switch (message.kind) {
    case 'request':
      return {
        appId: POWER_MESSAGES.request.appId,
        gocbRef: POWER_MESSAGES.request.gocbRef,
        data: [
          connector,
          serialNumber,
          uint16(message.requirement),
          uint16(message.mode),
          float32(message.voltage),
          float32(message.current),
          NOTHING,
          NOTHING,
        ],
      };
    case 'reply':
      return {
        appId: POWER_MESSAGES.reply.appId,
        gocbRef: POWER_MESSAGES.reply.gocbRef,
        data: [
          connector,
          serialNumber,
          uint16(message.requirement),
          uint16(message.success ? 0 : 1),
          uint16(message.mode),
          float32(message.voltage),
          float32(message.current),
          NOTHING,
          NOTHING,
        ],
      };
    case 'stop':
      return {
        appId: POWER_MESSAGES.stop.appId,
        gocbRef: POWER_MESSAGES.stop.gocbRef,
        data: [connector, serialNumber, uint16(message.reason), NOTHING, NOTHING],
      };
  }
}

/**
 * Reads a message; undefined when the text of the frame is none of the three, or its goID is another one.
 *
 * @throws GooseFrameError when number, type or length of the entries are wrong
 */
export function decodePowerMessage(
  pdu: Pick<GoosePdu, 'gocbRef' | 'goID' | 'allData'>,
): PowerMessage | undefined {
  if (pdu.goID !== pdu.gocbRef) return undefined;
  const data = pdu.allData;
  switch (pdu.gocbRef) {
    case POWER_MESSAGES.request.gocbRef:
      requireEntries(data, REQUEST_ENTRIES, REQUEST_ENTRIES);
      requireUnused(data, 6, 7);
      return {
        kind: 'request',
        ...addressed(data),
        requirement: word(data, 2),
        mode: word(data, 3),
        voltage: real(data, 4),
        current: real(data, 5),
      };
    case POWER_MESSAGES.reply.gocbRef:
      requireEntries(data, REPLY_ENTRIES, REPLY_ENTRIES);
      requireUnused(data, 7, 8);
      return {
        kind: 'reply',
        ...addressed(data),
        requirement: word(data, 2),
        success: word(data, 3) === 0,
        mode: word(data, 4),
        voltage: real(data, 5),
        current: real(data, 6),
      };
    case POWER_MESSAGES.stop.gocbRef:
      requireEntries(data, STOP_ENTRIES, Number.POSITIVE_INFINITY);
      requireUnused(data, 3, 4);
      return { kind: 'stop', ...addressed(data), reason: word(data, 2) };
    default:
      return undefined;
  }
}

function addressed(data: readonly GooseData[]): { connector: number; serialNumber: number } {
  return { connector: word(data, 0), serialNumber: word(data, 1) };
}

function requireEntries(data: readonly GooseData[], atLeast: number, atMost: number): void {
  if (data.length < atLeast || data.length > atMost)
    throw new GooseFrameError('GOOSE_MALFORMED', `${data.length} data entries, ${atLeast} expected`);
}

/** The entries after the set-point have no meaning; only their type is checked. */
function requireUnused(data: readonly GooseData[], ...indices: number[]): void {
  for (const index of indices) word(data, index);
}

function word(data: readonly GooseData[], index: number): number {
  const entry = data[index];
  if (entry?.type !== 'unsigned' || entry.size > 2)
    throw new GooseFrameError('GOOSE_MALFORMED', `data entry ${index + 1} is not an unsigned 16-bit number`);
  return entry.value;
}

function real(data: readonly GooseData[], index: number): number {
  const entry = data[index];
  if (entry?.type !== 'float')
    throw new GooseFrameError('GOOSE_MALFORMED', `data entry ${index + 1} is not a float`);
  if (!Number.isFinite(entry.value))
    throw new GooseFrameError('GOOSE_MALFORMED', `data entry ${index + 1} is ${entry.value}, not a number`);
  return entry.value;
}
