// SPDX-License-Identifier: Apache-2.0
export type {
  Powermeter,
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '@carabiner/interfaces/types/powermeter';
export type { SignedMeterValue } from '@carabiner/interfaces/types/units_signed';
