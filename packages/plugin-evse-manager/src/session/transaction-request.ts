// SPDX-License-Identifier: Apache-2.0
import type {
  OCMFIdentificationType,
  ProvidedIdToken,
  TransactionReq,
  ValidationResult,
} from '../interface-types.js';

const IDENTIFICATION: { readonly [T in ProvidedIdToken['id_token']['type']]: OCMFIdentificationType } = {
  Central: 'CENTRAL',
  eMAID: 'EMAID',
  ISO14443: 'ISO14443',
  ISO15693: 'ISO15693',
  KeyCode: 'KEY_CODE',
  Local: 'LOCAL',
  NoAuthorization: 'NONE',
  MacAddress: 'UNDEFINED',
};

/** What the billing meter is told at the start of a transaction. */
export function transactionRequest(
  evseId: string,
  transactionId: string,
  token: ProvidedIdToken,
  validation: ValidationResult | undefined,
): TransactionReq {
  const tariff = validation?.tariff_messages[0]?.content;
  return {
    evse_id: evseId,
    transaction_id: transactionId,
    identification_status: 'ASSIGNED',
    identification_flags: [],
    identification_type: IDENTIFICATION[token.id_token.type],
    identification_data: token.id_token.value,
    ...(tariff === undefined ? {} : { tariff_text: tariff }),
  };
}
