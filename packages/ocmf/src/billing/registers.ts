// SPDX-License-Identifier: Apache-2.0
import type { Decimal } from '../decimal.js';
import type { RegisterDirection } from '../obis.js';
import type { Reading } from '../reading.js';
import type { Findings } from './findings.js';

/** A reading and where it stands. */
export interface PlacedReading {
  readonly record: number;
  readonly reading: Reading;
}

/** Readings of one register over all records of a transaction. */
export interface RegisterReadings {
  /** Normalised OBIS code; empty when the readings name none. */
  readonly name: string;
  readonly direction: RegisterDirection;
  readonly compensated: boolean;
  readonly readings: readonly PlacedReading[];
}

/** Begin and end of a transaction in one register. */
export interface RegisterPair {
  readonly register: RegisterReadings;
  readonly begin: PlacedReading;
  readonly end: PlacedReading;
}

/** TX values that end a transaction: end, local, remote, aborted, power failure. */
const ENDS = new Set(['E', 'L', 'R', 'A', 'P']);

/** Whether the reading is the begin of a transaction. */
export function isBegin({ reading }: PlacedReading): boolean {
  return reading.TX === 'B';
}

/** Whether the reading is the end of a transaction. */
export function isEnd({ reading }: PlacedReading): boolean {
  return reading.TX !== undefined && ENDS.has(reading.TX);
}

/** Where a reading stands, for a finding. */
export function placeOf(placed: PlacedReading): { record: number; reading: number } {
  return { record: placed.record, reading: placed.reading.index };
}

/**
 * Energy registers, in order of appearance. Readings without RI form one unnamed import register; pure events belong to
 * none.
 */
export function energyRegisters(readings: readonly PlacedReading[]): RegisterReadings[] {
  const groups = new Map<string, PlacedReading[]>();
  for (const placed of readings) {
    const { RI, register, event } = placed.reading;
    if (event || (RI !== undefined && register?.billable !== true)) continue;
    const name = register?.normalised ?? '';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [placed]);
    else group.push(placed);
  }
  const registers = [...groups].map(([name, group]): RegisterReadings => {
    const register = group[0]?.reading.register;
    return {
      name,
      direction: register?.direction ?? 'import',
      compensated: register?.compensated ?? false,
      readings: group,
    };
  });
  // Where the meter takes cable losses off, the uncompensated register is not the one to bill.
  const compensated = new Set(registers.filter((entry) => entry.compensated).map((entry) => entry.direction));
  return registers.filter((entry) => entry.compensated || !compensated.has(entry.direction));
}

function nameOf({ name }: RegisterReadings): string {
  return name === '' ? 'the unnamed register' : name;
}

/** The one begin, which comes first, and the one end, which comes last; anything else is a finding. */
export function pairOf(register: RegisterReadings, findings: Findings): RegisterPair | undefined {
  const { readings } = register;
  const begins = readings.filter(isBegin);
  const ends = readings.filter(isEnd);
  const name = nameOf(register);
  if (begins.length === 0) findings.add('no-begin', `${name} has no begin reading`);
  if (ends.length === 0) findings.add('no-end', `${name} has no end reading`);
  const [begin, secondBegin] = begins;
  const [end, secondEnd] = ends;
  if (secondBegin)
    findings.add('several-begins', `${name} has ${begins.length} begin readings`, placeOf(secondBegin));
  if (secondEnd) findings.add('several-ends', `${name} has ${ends.length} end readings`, placeOf(secondEnd));
  if (begin === undefined || end === undefined || secondBegin || secondEnd) return undefined;
  const first = readings[0] ?? begin;
  const last = readings.at(-1) ?? end;
  if (first !== begin)
    findings.add(
      'readings-out-of-order',
      `the first reading of ${name} has TX ${first.reading.TX ?? ''}, not B`,
      placeOf(first),
    );
  if (last !== end)
    findings.add(
      'readings-out-of-order',
      `the last reading of ${name} has TX ${last.reading.TX ?? ''}, which is no end`,
      placeOf(last),
    );
  return { register, begin, end };
}

const TO_KWH: ReadonlyMap<string | undefined, number> = new Map([
  ['kWh', 0],
  ['Wh', -3],
]);

/** No value of a register may be below the one before it, also where the end is above the begin again. */
export function checkValues(register: RegisterReadings, findings: Findings): void {
  let before: Decimal | undefined;
  for (const placed of register.readings) {
    const { RV, RU } = placed.reading;
    const exponent = TO_KWH.get(RU);
    if (RV === undefined || exponent === undefined) continue;
    const value = RV.shift(exponent);
    if (before !== undefined && value.compare(before) < 0)
      findings.add(
        'value-falling',
        `${nameOf(register)} falls from ${before.toString()} kWh to ${value.toString()} kWh`,
        placeOf(placed),
      );
    before = value;
  }
}

/** Values of a pair in kWh, exact. */
export interface PairEnergy {
  readonly begin: Decimal;
  readonly end: Decimal;
  readonly energy: Decimal;
}

/** Energy of a pair in kWh; undefined, with a finding, when unit or value do not allow it. */
export function energyOf(pair: RegisterPair, findings: Findings): PairEnergy | undefined {
  const { begin, end } = pair;
  const unit = begin.reading.RU;
  if (unit !== end.reading.RU) {
    findings.add(
      'unit-differs',
      `begin is in ${unit ?? 'no unit'}, end in ${end.reading.RU ?? 'no unit'}`,
      placeOf(end),
    );
    return undefined;
  }
  const exponent = TO_KWH.get(unit);
  if (exponent === undefined) {
    findings.add('unit-not-energy', `${unit ?? 'no unit'} is neither kWh nor Wh`, placeOf(begin));
    return undefined;
  }
  for (const placed of [begin, end])
    if (placed.reading.RV === undefined)
      findings.add('value-missing', 'the reading has no value', placeOf(placed));
  if (begin.reading.RV === undefined || end.reading.RV === undefined) return undefined;
  const from = begin.reading.RV.shift(exponent);
  const to = end.reading.RV.shift(exponent);
  return { begin: from, end: to, energy: to.minus(from) };
}
