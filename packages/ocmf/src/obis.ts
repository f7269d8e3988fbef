// SPDX-License-Identifier: Apache-2.0

/** Direction of the energy a register counts, seen from the grid: import flows to the vehicle. */
export type RegisterDirection = 'import' | 'export' | 'other';

/** An OBIS code `A-B:C.D.E*F`, read from any of the notations in use. */
export interface Obis {
  /** The code as written. */
  readonly text: string;
  /** One spelling for all notations, so that registers can be compared: upper case, no leading zeros, F only if it says something. */
  readonly normalised: string;
  readonly direction: RegisterDirection;
  /** Whether the register counts active energy that may be billed. */
  readonly billable: boolean;
  /** Whether cable losses are already taken off. */
  readonly compensated: boolean;
}

const SYNTAX =
  /^([0-9a-f]{1,2})-([0-9a-z]{1,2}):([0-9a-f]{1,2})\.([0-9a-f]{1,2})\.([0-9a-z]{1,2})(?:[*.&]([0-9a-f]{1,3}))?$/i;
/** Active energy from the grid: total, compensated by a DC meter, and the codes OCMF 1.4 added. */
const IMPORT = new Set(['1', '98', '9E', 'B0', 'B1', 'B2', 'B3']);
const EXPORT = new Set(['2', 'C0', 'C1', 'C2', 'C3']);
const COMPENSATED = new Set(['98', 'B1', 'B3', 'C1', 'C3']);
/** F says "current value" in these spellings. */
const CURRENT = new Set(['', '255', 'FF']);
/** 200: export side of some gateways; 198: the signed transaction register of the Bauer BSM. */
const BILLABLE_STORAGE = new Set(['', '255', 'FF', '200', '198']);

function plain(part: string | undefined): string {
  return (part ?? '').toUpperCase().replace(/^0+(?=.)/, '');
}

/** Reads an OBIS code; undefined when the text is none. Never throws. */
export function parseObis(text: string): Obis | undefined {
  const match = SYNTAX.exec(text.trim());
  if (match === null) return undefined;
  const [a, b, c, d, e, f] = match.slice(1).map(plain) as [string, string, string, string, string, string];
  const direction =
    d !== '8' || a !== '1' ? 'other' : IMPORT.has(c) ? 'import' : EXPORT.has(c) ? 'export' : 'other';
  const storage = CURRENT.has(f) ? '' : `*${f}`;
  return {
    text,
    normalised: `${a}-${b}:${c}.${d}.${e}${storage}`,
    direction,
    billable: direction !== 'other' && BILLABLE_STORAGE.has(f),
    compensated: direction !== 'other' && COMPENSATED.has(c),
  };
}
