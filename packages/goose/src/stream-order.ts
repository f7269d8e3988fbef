// SPDX-License-Identifier: Apache-2.0
import type { GoosePdu } from './goose-pdu.js';
import { compareGooseTime, type GooseTime } from './goose-time.js';

/** The numbering of a frame. */
export type Numbering = Pick<GoosePdu, 't' | 'stNum' | 'sqNum'>;

/** How a frame relates to the last one accepted in its stream. */
export type Succession =
  /** The first frame of the stream, or the expected next state or repetition. */
  | { readonly kind: 'next'; readonly missed: number }
  /** A later state although the numbers do not go on: the publisher started anew. */
  | { readonly kind: 'restart' }
  /** Heard before, or older than what was heard. */
  | { readonly kind: 'stale' };

const NUMBERS = 0x10000;

/** Steps from `older` to `newer` on counters of 16 bits that wrap; negative when it is the other way round. */
function steps(newer: number, older: number): number {
  const forward = (((newer - older) % NUMBERS) + NUMBERS) % NUMBERS;
  return forward < NUMBERS / 2 ? forward : forward - NUMBERS;
}

/**
 * The order of one stream, against replayed and reordered frames.
 *
 * A state made later is accepted whatever its number, since a publisher that starts anew begins to count again; one
 * made earlier never is. The time of a state is signed, so it cannot be moved by a third party.
 */
export class StreamOrder {
  #last: { t: GooseTime; stNum: number; sqNum: number } | undefined;

  /** Judges a frame without remembering it. */
  judge(frame: Numbering): Succession {
    const last = this.#last;
    if (last === undefined) return { kind: 'next', missed: 0 };
    const age = compareGooseTime(frame.t, last.t);
    const states = steps(frame.stNum, last.stNum);
    if (age < 0) return { kind: 'stale' };
    if (states > 0) return { kind: 'next', missed: states - 1 };
    if (age > 0) return { kind: 'restart' };
    const repetitions = steps(frame.sqNum, last.sqNum);
    return states === 0 && repetitions > 0 ? { kind: 'next', missed: repetitions - 1 } : { kind: 'stale' };
  }

  /** Makes `frame` the last one accepted. */
  accept({ t, stNum, sqNum }: Numbering): void {
    this.#last = { t, stNum, sqNum };
  }
}
