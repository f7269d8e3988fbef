// SPDX-License-Identifier: Apache-2.0

/** Tokens that may charge, with an optional end of their validity. */
export class TokenList {
  readonly #tokens: ReadonlySet<string>;

  /**
   * @param list - token values separated by commas; compared without regard to case
   * @param validUntilMs - wall-clock milliseconds after which no token is valid; undefined for ever
   */
  constructor(
    list: string,
    private readonly validUntilMs: number | undefined,
  ) {
    this.#tokens = new Set(
      list
        .split(',')
        .map((token) => token.trim().toUpperCase())
        .filter((token) => token !== ''),
    );
  }

  /** How a token is to be answered at `nowMs`. */
  statusOf(token: string, nowMs: number): 'Accepted' | 'Expired' | 'Invalid' {
    if (!this.#tokens.has(token.toUpperCase())) return 'Invalid';
    return this.validUntilMs !== undefined && nowMs > this.validUntilMs ? 'Expired' : 'Accepted';
  }
}
