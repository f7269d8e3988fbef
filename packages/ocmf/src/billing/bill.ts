// SPDX-License-Identifier: Apache-2.0
import type { Decimal } from '../decimal.js';
import type { OcmfTime } from '../ocmf-time.js';
import type { OcmfRecord } from '../record.js';
import { Findings, type Finding } from './findings.js';
import { checkEventCounter, checkStates, checkTimes } from './reading-checks.js';
import { checkRecord, checkSequence, inPageOrder, isDraft } from './record-checks.js';
import {
  checkValues,
  energyOf,
  energyRegisters,
  isBegin,
  isEnd,
  pairOf,
  type PlacedReading,
  type RegisterPair,
  type RegisterReadings,
} from './registers.js';

/** Energy of a transaction in one register, exact, in kWh. */
export interface BilledRegister {
  /** OBIS code as the meter writes it; empty when it names none. */
  readonly register: string;
  readonly begin: Decimal;
  readonly end: Decimal;
  readonly energy: Decimal;
}

/** Result of the billing checks. Whether the signatures are right is a question of its own, see `verifyRecord`. */
export interface Bill {
  /** No finding is an error. */
  readonly billable: boolean;
  readonly findings: readonly Finding[];
  /** Energy from the grid to the vehicle. */
  readonly import?: BilledRegister;
  /** Energy from the vehicle to the grid. */
  readonly export?: BilledRegister;
  readonly begin?: OcmfTime;
  readonly end?: OcmfTime;
  /** From begin to end in milliseconds. Only informative where the clock's status is not S or R. */
  readonly durationMs?: number;
}

/** A begin in one register and an end in another is worth its own word. */
function checkSameRegister(registers: readonly RegisterReadings[], findings: Findings): void {
  const begun = registers.filter((entry) => entry.readings.some(isBegin));
  const ended = registers.filter((entry) => entry.readings.some(isEnd));
  if (begun.length > 0 && ended.length > 0 && !begun.some((entry) => ended.includes(entry)))
    findings.add(
      'register-differs',
      `begin is of register ${begun[0]?.name ?? ''}, end of register ${ended[0]?.name ?? ''}`,
    );
}

/** The register of one direction that counts. Several that agree are one; several that do not are a finding. */
function billDirection(pairs: readonly RegisterPair[], findings: Findings): BilledRegister | undefined {
  const billed = pairs.flatMap((pair): BilledRegister[] => {
    const energy = energyOf(pair, findings);
    return energy === undefined ? [] : [{ register: pair.begin.reading.RI ?? '', ...energy }];
  });
  const [first, ...others] = billed;
  const other = others.find((entry) => first !== undefined && entry.energy.compare(first.energy) !== 0);
  if (first !== undefined && other !== undefined)
    findings.add(
      'ambiguous-register',
      `${first.register} counts ${first.energy.toString()} kWh, ${other.register} ${other.energy.toString()} kWh`,
    );
  return first;
}

/**
 * Checks whether the records of one transaction may be billed, and takes energy and duration from them.
 *
 * One record may hold begin and end, or several records may hold one reading each.
 *
 * @param records - all records of one transaction, any order
 */
export function bill(records: readonly OcmfRecord[]): Bill {
  const findings = new Findings();
  if (records.length === 0) findings.add('no-records', 'there is no record to bill');
  records.forEach((record, index) => checkRecord(record, index, findings));
  const ordered = inPageOrder(records, findings);
  checkSequence(ordered, findings);

  const all = ordered.flatMap(({ record, index }) =>
    record.payload.RD.map((reading): PlacedReading => ({ record: index, reading })),
  );
  const inTransaction = all.filter(({ reading }) => reading.TX !== undefined && reading.TX !== '');
  if (records.length > 0 && inTransaction.length === 0)
    findings.add('no-transaction', 'no reading belongs to a transaction (TX is missing)');
  const registers = energyRegisters(inTransaction);
  if (inTransaction.length > 0 && registers.length === 0)
    findings.add('no-billing-register', 'no reading is of an energy register that may be billed');
  const events = inTransaction.filter(({ reading }) => reading.event);
  checkStates([...registers.flatMap((register) => register.readings), ...events], findings);
  checkSameRegister(registers, findings);

  const pairs = registers.flatMap((register) => pairOf(register, findings) ?? []);
  for (const { register } of pairs) checkValues(register, findings);
  const energyIn = billDirection(
    pairs.filter((pair) => pair.register.direction === 'import'),
    findings,
  );
  const energyOut = billDirection(
    pairs.filter((pair) => pair.register.direction === 'export'),
    findings,
  );
  const [durationMs] = pairs.map((entry) => checkTimes(entry, findings));
  const [pair] = pairs;
  if (pair !== undefined && records.some(({ payload }) => isDraft(payload)))
    checkEventCounter(pair, findings);
  const begin = pair?.begin.reading.TM;
  const end = pair?.end.reading.TM;
  return {
    billable: !findings.hasError,
    findings: findings.list,
    ...(energyIn === undefined ? {} : { import: energyIn }),
    ...(energyOut === undefined ? {} : { export: energyOut }),
    ...(begin === undefined ? {} : { begin }),
    ...(end === undefined ? {} : { end }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}
