// SPDX-License-Identifier: Apache-2.0
import type { Findings } from './findings.js';
import { isBegin, isEnd, placeOf, type PlacedReading, type RegisterPair } from './registers.js';

/** ST and EF of every reading; only those at begin and end prevent billing. */
export function checkStates(readings: readonly PlacedReading[], findings: Findings): void {
  for (const placed of readings) {
    const { ST, EF, TX } = placed.reading;
    const edge = isBegin(placed) || isEnd(placed);
    if (TX === 'X')
      findings.add(
        'exception-reading',
        'an exception reading: values are not usable from here',
        placeOf(placed),
      );
    if (TX === 'T')
      findings.add(
        'tariff-change',
        'the tariff changed here; the parts are to be billed apart',
        placeOf(placed),
      );
    if (ST !== 'G')
      findings.add(
        edge ? 'meter-state' : 'intermediate-state',
        `the meter state is ${ST ?? 'missing'}, not G`,
        placeOf(placed),
      );
    if (EF?.includes('E') === true)
      findings.add(
        edge ? 'energy-flag' : 'intermediate-state',
        'EF says that the energy is not usable',
        placeOf(placed),
      );
    if (EF?.includes('t') === true)
      findings.add('time-flag', 'EF says that the time is not usable', placeOf(placed));
  }
}

/** Times of begin and end; the duration in milliseconds when both can be read. */
export function checkTimes({ begin, end }: RegisterPair, findings: Findings): number | undefined {
  for (const placed of [begin, end]) {
    const { TM } = placed.reading;
    if (TM === undefined)
      findings.add('time-unreadable', 'the reading has no time that can be read', placeOf(placed));
    else if (TM.status === 'U')
      findings.add('time-unsynchronised', 'the clock of the meter was not set', placeOf(placed));
  }
  const from = begin.reading.TM;
  const to = end.reading.TM;
  if (from === undefined || to === undefined) return undefined;
  if (from.status === undefined)
    findings.add('time-status-missing', `the time ${from.text} carries no status letter`, placeOf(begin));
  if (from.status === 'R' && to.status !== 'R')
    findings.add(
      'time-status-mixed',
      `begin is relative time, end is of status ${to.status ?? 'none'}`,
      placeOf(end),
    );
  if (to.epochMs < from.epochMs)
    findings.add('time-backwards', `the end ${to.text} lies before the begin ${from.text}`, placeOf(end));
  return to.epochMs - from.epochMs;
}

/** Format 0.x: the event counter of begin and end must be the same. */
export function checkEventCounter({ begin, end }: RegisterPair, findings: Findings): void {
  if (begin.reading.EI !== end.reading.EI)
    findings.add(
      'event-counter-differs',
      `event counter ${begin.reading.EI ?? 'none'} at begin, ${end.reading.EI ?? 'none'} at end`,
      placeOf(end),
    );
}
