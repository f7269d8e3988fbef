// SPDX-License-Identifier: Apache-2.0

/** Names of the files in a folder of certificates. */
export const CERTIFICATE_FILES = {
  /** Signs power units; the dispenser trusts it. */
  psuCa: 'psu_ca.crt.pem',
  psuCert: 'psu.crt.pem',
  psuKey: 'psu.key.pem',
  /** Signs dispensers; the power unit trusts it. */
  dispenserCa: 'dispenser_ca.crt.pem',
  dispenserCert: 'dispenser.crt.pem',
  dispenserKey: 'dispenser.key.pem',
} as const;
