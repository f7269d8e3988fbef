// SPDX-License-Identifier: Apache-2.0
import { bill, parseRecord, verifyRecord, type OcmfRecord } from '@carabiner/ocmf';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import type { RecordReport } from './view/view.js';

/**
 * Verifies the signed record that a finished transaction carries.
 *
 * @param publicKey - key of the meter, as its driver publishes it; undefined falls back to the key beside the record
 * @returns undefined when the transaction carries no record
 */
export function reportRecord(
  evse: string,
  event: SessionEvent,
  publicKey: string | undefined,
): RecordReport | undefined {
  const signed = event.transaction_finished?.signed_meter_value;
  if (signed === undefined) return undefined;
  const base = { evse, transactionId: event.uuid, record: signed.signed_meter_data };
  const nothing = { energyKwh: undefined, durationS: undefined, identification: undefined };
  const key = publicKey ?? signed.public_key;
  if (key === undefined)
    return { ...base, ...nothing, verified: false, reason: 'the meter gave no public key' };
  const { verified, error } = verifyRecord(signed.signed_meter_data, key);
  if (!verified)
    return { ...base, ...nothing, verified: false, reason: error?.message ?? 'the signature does not match' };
  const record = parseRecord(signed.signed_meter_data);
  const billed = bill([record]);
  const problems = billed.findings.filter((finding) => finding.severity === 'error');
  return {
    ...base,
    verified: problems.length === 0,
    reason: problems.map((finding) => finding.message).join('; '),
    energyKwh: billed.import?.energy.toString(),
    durationS: billed.durationMs === undefined ? undefined : Math.round(billed.durationMs / 1000),
    identification: identificationOf(record),
  };
}

function identificationOf(record: OcmfRecord): string | undefined {
  const { ID, IT, IL } = record.payload;
  const parts = [ID, IT, IL].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}
