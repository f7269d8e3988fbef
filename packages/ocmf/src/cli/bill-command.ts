// SPDX-License-Identifier: Apache-2.0
import { bill, type BilledRegister } from '../billing/bill.js';
import type { CliInput } from './input.js';
import { EXIT, type CliIo } from './io.js';
import { verdictLine, verdictsOf } from './verify-command.js';

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => part.toString().padStart(2, '0')).join(':');
}

function energyLine(direction: string, { register, begin, end, energy }: BilledRegister): string {
  return `${direction} ${energy.toString()} kWh (${register}: ${begin.toString()} to ${end.toString()} kWh)`;
}

/** `ocmf bill`: once there is a key, every record must verify; without any only the contents are judged. */
export function billCommand(input: CliInput, json: boolean, io: CliIo): number {
  const result = bill(input.records.map(({ record }) => record));
  const signatures = verdictsOf(input);
  const verified = signatures.every((entry) => entry.verified);
  const unchecked = signatures.every((entry) => entry.verdict === 'unverifiable');
  const billable = result.billable && (verified || unchecked);
  if (json) {
    io.out(JSON.stringify({ ...result, billable, verified, signatures }, null, 2));
    return billable ? EXIT.valid : EXIT.notValid;
  }
  const reservation = billable && !verified ? ' by the contents; no signature was checked' : '';
  io.out(`${billable ? 'BILLABLE' : 'NOT BILLABLE'}${reservation}`);
  if (result.import !== undefined) io.out(energyLine('import', result.import));
  if (result.export !== undefined) io.out(energyLine('export', result.export));
  if (result.begin !== undefined) io.out(`begin  ${result.begin.text}`);
  if (result.end !== undefined) io.out(`end    ${result.end.text}`);
  if (result.durationMs !== undefined) io.out(`lasted ${duration(result.durationMs)}`);
  for (const { severity, code, message } of result.findings) io.out(`${severity} ${code}: ${message}`);
  for (const entry of signatures) io.out(`signature ${verdictLine(entry)}`);
  return billable ? EXIT.valid : EXIT.notValid;
}
