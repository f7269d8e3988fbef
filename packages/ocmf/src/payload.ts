// SPDX-License-Identifier: Apache-2.0
import { readText, type Deviation } from './deviation.js';
import { isJsonArray, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './exact-json.js';
import { readReadings, type Reading } from './reading.js';

/** Cable loss compensation (LC, since OCMF 1.2). */
export interface LossCompensation {
  readonly LN?: string;
  readonly LI?: string;
  /** Resistance as decimal text, unit LU. */
  readonly LR?: string;
  readonly LU?: string;
}

/**
 * Payload of a record, field names as in the format. A field that is missing is absent here; a text field that a device
 * writes as a number holds its characters. Draft formats: 0.1 writes VI and VV for GI and GV and the level in IS.
 */
export interface OcmfPayload {
  /** Format version, `major.minor`. */
  readonly FV?: string;
  /** Gateway (signing device): identification, serial, software version. */
  readonly GI?: string;
  readonly GS?: string;
  readonly GV?: string;
  /** Page: `T` (transaction) or `F` (fiscal) and a number. */
  readonly PG?: string;
  /** Meter: vendor, model, serial, firmware. */
  readonly MV?: string;
  readonly MM?: string;
  readonly MS?: string;
  readonly MF?: string;
  /** Whether a user is assigned. */
  readonly IS?: boolean;
  /** Identification level. */
  readonly IL?: string;
  /** Identification flags. */
  readonly IF: readonly string[];
  /** Identification type. */
  readonly IT?: string;
  /** Identification data. */
  readonly ID?: string;
  /** Tariff text. */
  readonly TT?: string;
  /** Charge controller firmware. */
  readonly CF?: string;
  readonly LC?: LossCompensation;
  /** Charge point identification: type and value. */
  readonly CT?: string;
  readonly CI?: string;
  /** Readings with inherited fields filled in. */
  readonly RD: readonly Reading[];
  /** Fields outside the format and those of manufacturers, untouched. */
  readonly other: JsonObject;
  /** Where the payload leaves the letter of the format. */
  readonly deviations: readonly Deviation[];
}

const TEXT_FIELDS = [
  ...['FV', 'GI', 'GS', 'GV', 'PG', 'MV', 'MM', 'MS', 'MF'],
  ...['IL', 'IT', 'ID', 'TT', 'CF', 'CT', 'CI'],
] as const;
const KNOWN = new Set<string>([...TEXT_FIELDS, 'IS', 'IF', 'LC', 'RD', 'VI', 'VV']);
const MANDATORY = ['PG', 'MS', 'IT'] as const;

function readFlags(value: JsonValue | undefined, deviations: Deviation[]): string[] {
  if (value === undefined) return [];
  if (!isJsonArray(value)) {
    deviations.push({ path: 'IF', message: 'no array' });
    return typeof value === 'string' ? [value] : [];
  }
  return value.flatMap((item, index) => readText(item, `IF[${index}]`, deviations) ?? []);
}

function readAssignment(
  value: JsonValue | undefined,
  deviations: Deviation[],
): Pick<OcmfPayload, 'IS' | 'IL'> {
  if (typeof value === 'boolean') return { IS: value };
  if (value === undefined) return {};
  deviations.push({ path: 'IS', message: 'no boolean' });
  // Format 0.1 wrote the level into IS.
  return typeof value === 'string' ? { IS: value !== 'NONE', IL: value } : {};
}

function readLossCompensation(
  value: JsonValue | undefined,
  deviations: Deviation[],
): LossCompensation | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) {
    deviations.push({ path: 'LC', message: 'no object' });
    return undefined;
  }
  const entries = ['LN', 'LI', 'LR', 'LU'].flatMap((key) => {
    const field = value.get(key);
    const text = field instanceof JsonNumber ? field.text : readText(field, `LC.${key}`, deviations);
    return text === undefined ? [] : [[key, text] as const];
  });
  return Object.fromEntries(entries);
}

/** Reads the payload object. Wrong types become deviations, unknown fields are kept; it never throws. */
export function readPayload(object: JsonObject): OcmfPayload {
  const deviations: Deviation[] = [];
  const texts: Partial<Record<(typeof TEXT_FIELDS)[number], string>> = {};
  for (const field of TEXT_FIELDS) {
    const text = readText(object.get(field), field, deviations);
    if (text !== undefined) texts[field] = text;
  }
  const draftGI = readText(object.get('VI'), 'VI', deviations);
  const draftGV = readText(object.get('VV'), 'VV', deviations);
  const LC = readLossCompensation(object.get('LC'), deviations);
  const RD = readReadings(object.get('RD'), deviations);
  const payload: OcmfPayload = {
    ...(draftGI === undefined ? {} : { GI: draftGI }),
    ...(draftGV === undefined ? {} : { GV: draftGV }),
    ...readAssignment(object.get('IS'), deviations),
    ...texts,
    IF: readFlags(object.get('IF'), deviations),
    ...(LC === undefined ? {} : { LC }),
    RD,
    other: new Map([...object].filter(([key]) => !KNOWN.has(key))),
    deviations,
  };
  for (const field of MANDATORY) {
    if (payload[field] === undefined && (field !== 'IT' || RD.some((reading) => reading.TX !== undefined)))
      deviations.push({ path: field, message: 'missing, though the format demands it' });
  }
  return payload;
}
