// SPDX-License-Identifier: Apache-2.0
import { Decimal } from './decimal.js';
import { readText, type Deviation } from './deviation.js';
import { isJsonArray, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './exact-json.js';
import { parseObis, type Obis } from './obis.js';
import { parseOcmfTime, type OcmfTime } from './ocmf-time.js';

/** One reading; fields left out because they equal the reading before are filled in. */
export interface Reading {
  /** Position in RD. */
  readonly index: number;
  /** Time; undefined when missing or unreadable. */
  readonly TM: OcmfTime | undefined;
  /** Reason: B begin, C charging, X exception, E end, L local end, R remote end, A aborted, P power failure, S suspended, T tariff change. */
  readonly TX: string | undefined;
  /** Value with all places as written; undefined when missing or unreadable. */
  readonly RV: Decimal | undefined;
  /** Register as written. */
  readonly RI: string | undefined;
  /** The register understood; undefined when RI is no OBIS code. */
  readonly register: Obis | undefined;
  /** Unit of RV and CL, `kWh` or `Wh` for energy. */
  readonly RU: string | undefined;
  /** `AC` or `DC`. */
  readonly RT: string | undefined;
  /** Cumulated cable loss since begin, unit RU. */
  readonly CL: Decimal | undefined;
  /** Quantities no longer usable: `E` energy, `t` time. */
  readonly EF: string | undefined;
  /** Meter state, `G` is good. */
  readonly ST: string | undefined;
  /** Event counter of format 0.x. */
  readonly EI: string | undefined;
  /** Whether it is a pure event: it gives neither value nor register, hence belongs to no register. */
  readonly event: boolean;
  /** Names of the fields taken from the reading before. */
  readonly inherited: readonly string[];
  /** Fields outside the format and those of manufacturers, untouched. */
  readonly other: JsonObject;
}

const INHERITABLE = ['TM', 'TX', 'RI', 'RU', 'RT', 'EF', 'ST'] as const;
type Inheritable = (typeof INHERITABLE)[number];
/** A pure error event has no value, hence no register to inherit either. */
const OF_VALUE: ReadonlySet<string> = new Set<Inheritable>(['RI', 'RU', 'RT']);
const KNOWN = new Set<string>([...INHERITABLE, 'RV', 'CL', 'EI']);

function readDecimal(
  value: JsonValue | undefined,
  path: string,
  deviations: Deviation[],
): Decimal | undefined {
  if (value === undefined) return undefined;
  const text = value instanceof JsonNumber ? value.text : typeof value === 'string' ? value : '';
  if (typeof value === 'string')
    deviations.push({ path, message: 'a text stands where the format has a number' });
  try {
    return Decimal.parse(text);
  } catch {
    deviations.push({ path, message: 'no decimal number' });
    return undefined;
  }
}

function readReading(
  object: JsonObject,
  index: number,
  previous: Partial<Record<Inheritable, string>>,
  deviations: Deviation[],
): { reading: Reading; texts: Partial<Record<Inheritable, string>> } {
  const path = `RD[${index}]`;
  const texts: Partial<Record<Inheritable, string>> = {};
  const inherited: string[] = [];
  const hasValue = object.has('RV');
  for (const field of INHERITABLE) {
    const own = object.has(field) ? readText(object.get(field), `${path}.${field}`, deviations) : undefined;
    const before = hasValue || !OF_VALUE.has(field) ? previous[field] : undefined;
    const text = object.has(field) ? own : before;
    if (text === undefined) continue;
    texts[field] = text;
    if (!object.has(field)) inherited.push(field);
  }
  const TM = texts.TM === undefined ? undefined : parseOcmfTime(texts.TM);
  if (TM === undefined)
    deviations.push({
      path: `${path}.TM`,
      message: texts.TM === undefined ? 'missing' : 'no time of the format',
    });
  const register = texts.RI === undefined ? undefined : parseObis(texts.RI);
  if (texts.RI !== undefined && register === undefined)
    deviations.push({ path: `${path}.RI`, message: 'no OBIS code' });
  const counter = object.get('EI');
  const reading: Reading = {
    index,
    TM,
    TX: texts.TX,
    RV: readDecimal(object.get('RV'), `${path}.RV`, deviations),
    RI: texts.RI,
    register,
    RU: texts.RU,
    RT: texts.RT,
    CL: readDecimal(object.get('CL'), `${path}.CL`, deviations),
    EF: texts.EF,
    ST: texts.ST,
    EI: counter instanceof JsonNumber ? counter.text : typeof counter === 'string' ? counter : undefined,
    event: !hasValue && !object.has('RI'),
    inherited,
    other: new Map([...object].filter(([key]) => !KNOWN.has(key))),
  };
  return { reading, texts };
}

/** Reads RD and resolves inheritance. Wrong types become deviations; it never throws. */
export function readReadings(value: JsonValue | undefined, deviations: Deviation[]): Reading[] {
  if (!isJsonArray(value)) {
    deviations.push({ path: 'RD', message: value === undefined ? 'missing' : 'no array' });
    return [];
  }
  const readings: Reading[] = [];
  let previous: Partial<Record<Inheritable, string>> = {};
  value.forEach((item, index) => {
    if (!isJsonObject(item)) {
      deviations.push({ path: `RD[${index}]`, message: 'no object' });
      return;
    }
    const { reading, texts } = readReading(item, index, previous, deviations);
    readings.push(reading);
    // A reading without a value does not end the register of those around it.
    previous = item.has('RV') ? texts : { ...previous, ...texts };
  });
  return readings;
}
