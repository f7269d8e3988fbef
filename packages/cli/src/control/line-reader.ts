// SPDX-License-Identifier: Apache-2.0
import { LINE_LIMIT } from './protocol.js';

/** Cuts a stream of text into lines. */
export class LineReader {
  #rest = '';

  /**
   * @returns the lines that are complete now
   * @throws RangeError when a line grows beyond the limit
   */
  push(chunk: string): readonly string[] {
    const parts = (this.#rest + chunk).split('\n');
    this.#rest = parts.pop() ?? '';
    if (this.#rest.length > LINE_LIMIT)
      throw new RangeError(`a line is longer than ${LINE_LIMIT} characters`);
    return parts.filter((line) => line.trim() !== '');
  }
}
