// SPDX-License-Identifier: Apache-2.0

/** Why a frame was not handed on. */
export type RejectionReason =
  /** Not readable as a GOOSE frame. */
  | 'malformed'
  /** Wrong CRC in the secure header. */
  | 'crc'
  /** Not meant for this receiver: another sender, destination or control block. */
  | 'foreign'
  /** Not signed although signatures are required. */
  | 'plain'
  /** There is no key to verify it with. */
  | 'no_key'
  /** The signature is not that of the key. */
  | 'hmac'
  /** Heard before, or older than what was heard. */
  | 'stale';

/** Counters of what came from one source address. */
export interface SourceStatistics {
  readonly accepted: number;
  /** Frames or states that the numbers show to be missing. */
  readonly missed: number;
  /** How often the publisher started to count anew. */
  readonly restarts: number;
  readonly rejected: Readonly<Record<RejectionReason, number>>;
}

/** Sources beyond this number are counted together: their addresses cost an attacker nothing. */
const MOST_SOURCES = 64;
/** Name under which further sources are counted. */
export const OTHER_SOURCES = 'other';

type Counters = { -readonly [K in keyof SourceStatistics]: SourceStatistics[K] } & {
  rejected: Record<RejectionReason, number>;
};

/** Counters for each source address, a bounded number of them. */
export class SourceTable {
  readonly #sources = new Map<string, Counters>();

  /** The counters of `source`, made when it is new. */
  of(source: string): Counters {
    const key = this.#sources.has(source) || this.#sources.size < MOST_SOURCES ? source : OTHER_SOURCES;
    let counters = this.#sources.get(key);
    if (counters === undefined) {
      counters = {
        accepted: 0,
        missed: 0,
        restarts: 0,
        rejected: { malformed: 0, crc: 0, foreign: 0, plain: 0, no_key: 0, hmac: 0, stale: 0 },
      };
      this.#sources.set(key, counters);
    }
    return counters;
  }

  /** A copy, by source address as text. */
  snapshot(): ReadonlyMap<string, SourceStatistics> {
    return new Map([...this.#sources].map(([source, counters]) => [source, structuredClone(counters)]));
  }
}
