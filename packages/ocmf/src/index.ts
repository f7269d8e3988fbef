// SPDX-License-Identifier: Apache-2.0
export { bill, type Bill, type BilledRegister } from './billing/bill.js';
export { FINDINGS, type Finding, type FindingCode, type Severity } from './billing/findings.js';
export { parsePage, type Page } from './billing/record-checks.js';
export { matchTransaction, type ExpectedTransaction, type Mismatch } from './billing/transaction-match.js';
export { readContainer, type ContainerEntry } from './container.js';
export { curveOfAlgorithm, CURVES, type Curve, type CurveName } from './curves.js';
export { Decimal } from './decimal.js';
export type { Deviation } from './deviation.js';
export { OcmfError, type OcmfErrorCode } from './errors.js';
export {
  JsonNumber,
  parseExactJson,
  toPlainJson,
  type ExactJson,
  type JsonObject,
  type JsonValue,
} from './exact-json.js';
export { parseObis, type Obis, type RegisterDirection } from './obis.js';
export { parseOcmfTime, type OcmfTime, type TimeStatus } from './ocmf-time.js';
export type { LossCompensation, OcmfPayload } from './payload.js';
export { OcmfPublicKey, type PublicKeyEncoding, type PublicKeyForm } from './public-key.js';
export type { Reading } from './reading.js';
export { MAX_RECORD_LENGTH, parseRecord, type OcmfRecord, type SignatureSection } from './record.js';
export { readSignature, type Signature, type SignatureForm } from './signature.js';
export { verifyRecord, type Verdict, type Verification } from './verify.js';
