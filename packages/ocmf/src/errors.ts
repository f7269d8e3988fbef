// SPDX-License-Identifier: Apache-2.0

/**
 * What was wrong with the input.
 *
 * - `OCMF_STRUCTURE`: the text is no OCMF record (header, sections, JSON)
 * - `OCMF_SIGNATURE`: the signature section cannot be used (SD, SE, SM, range of r and s)
 * - `OCMF_ALGORITHM`: SA names an algorithm outside the OCMF table
 * - `OCMF_KEY`: the public key cannot be read
 * - `OCMF_KEY_CURVE`: the public key is on another curve than SA names
 * - `OCMF_DECIMAL`: a text is no decimal number within the limits
 * - `OCMF_CONTAINER`: the container around the records cannot be read
 */
export type OcmfErrorCode =
  | 'OCMF_STRUCTURE'
  | 'OCMF_SIGNATURE'
  | 'OCMF_ALGORITHM'
  | 'OCMF_KEY'
  | 'OCMF_KEY_CURVE'
  | 'OCMF_DECIMAL'
  | 'OCMF_CONTAINER';

/** The only error this package throws. Test `code`, not the message. */
export class OcmfError extends Error {
  override readonly name = 'OcmfError';

  /**
   * @param code - stable code
   * @param message - what was wrong, which value, what to do
   */
  constructor(
    readonly code: OcmfErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A value from the input as it may stand in a message: quoted, one line, at most 40 characters. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
