// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { GooseFrameError } from './errors.js';
import type { EthernetLink } from './ethernet-link.js';
import { decodeFrame, type ReceivedGooseFrame } from './goose-frame.js';
import type { GooseKey } from './goose-key.js';
import { MacAddress } from './mac-address.js';
import { SourceTable, type RejectionReason, type SourceStatistics } from './source-statistics.js';
import { StreamOrder } from './stream-order.js';

/** Which frames count. */
export type Acceptance =
  /** Signed with the key that {@link GooseSubscriberOptions.keyFor} names. */
  | 'verified'
  /** In the secure form with a right CRC; the signature is not looked at. */
  | 'signed'
  /** Plain ones too. */
  | 'any';

/** A frame that was not handed on. */
export interface Rejection {
  readonly reason: RejectionReason;
  /** Source address as text; empty when the frame is too short to have one. */
  readonly source: string;
  /** What was wrong, for a log. */
  readonly message: string;
}

/** Settings of a {@link GooseSubscriber}. */
export interface GooseSubscriberOptions<M> {
  readonly link: EthernetLink;
  readonly clock: Clock;
  readonly accept: Acceptance;
  /**
   * Turns a frame into a message; undefined when it is not meant for this receiver, by its addresses or text. May throw
   * GooseFrameError on wrong data.
   */
  readonly read: (frame: ReceivedGooseFrame) => M | undefined;
  /** The key a message must be signed with. Needed to accept `verified`. */
  readonly keyFor?: (message: M, frame: ReceivedGooseFrame) => GooseKey | undefined;
  /** Which sequence of states the message belongs to. Default: one for each source and control block. */
  readonly streamOf?: (message: M, frame: ReceivedGooseFrame) => string;
  /** Takes the messages that passed every check. */
  readonly onMessage: (message: M, frame: ReceivedGooseFrame) => void;
  /** Learns of frames that did not. */
  readonly onRejected?: (rejection: Rejection) => void;
  /** Learns that nothing was accepted in a stream for the time its last frame allowed. Told once until the next frame. */
  readonly onExpired?: (stream: string) => void;
}

/** Streams remembered at a time; without verification anybody can open one. */
const MOST_STREAMS = 256;
const SOURCE_AT = 6;
const SOURCE_END = 12;

interface Stream {
  order: StreamOrder;
  timer: Timer | undefined;
}

/**
 * Hears GOOSE frames on a link and hands on those that are meant for it, rightly signed, and newer than what it heard.
 *
 * No frame makes it throw, whatever its bytes.
 */
export class GooseSubscriber<M = ReceivedGooseFrame> {
  readonly #options: GooseSubscriberOptions<M>;
  readonly #sources = new SourceTable();
  readonly #streams = new Map<string, Stream>();
  readonly #unsubscribe: () => void;

  constructor(options: GooseSubscriberOptions<M>) {
    this.#options = options;
    this.#unsubscribe = options.link.onFrame((bytes) => this.#receive(bytes));
  }

  /** Counters by source address. */
  get statistics(): ReadonlyMap<string, SourceStatistics> {
    return this.#sources.snapshot();
  }

  /** Forgets numbering and timeout of a stream: to be called when its publisher has a new key. */
  forget(stream: string): void {
    this.#streams.get(stream)?.timer?.cancel();
    this.#streams.delete(stream);
  }

  /**
   * Takes any numbering next, in every stream; timeouts run on. To be called when publishers may have been started anew
   * with their clock set back, so that their states look older than those heard before.
   */
  forgetNumbering(): void {
    for (const stream of this.#streams.values()) stream.order = new StreamOrder();
  }

  /** Hears no more. */
  close(): void {
    this.#unsubscribe();
    for (const stream of this.#streams.values()) stream.timer?.cancel();
    this.#streams.clear();
  }

  #receive(bytes: Buffer): void {
    let frame: ReceivedGooseFrame;
    let message: M | undefined;
    try {
      frame = decodeFrame(bytes);
      message = this.#options.read(frame);
    } catch (error) {
      this.#rejectUnreadable(bytes, error);
      return;
    }
    if (message === undefined) this.#reject(frame, 'foreign');
    else {
      const refusal = this.#authenticate(message, frame);
      if (refusal === undefined) this.#order(message, frame);
      else this.#reject(frame, refusal);
    }
  }

  #authenticate(message: M, frame: ReceivedGooseFrame): RejectionReason | undefined {
    const { accept, keyFor } = this.#options;
    if (accept === 'any') return undefined;
    if (!frame.secure) return 'plain';
    if (accept === 'signed') return undefined;
    const key = keyFor?.(message, frame);
    if (key === undefined) return 'no_key';
    return frame.verify(key) ? undefined : 'hmac';
  }

  #order(message: M, frame: ReceivedGooseFrame): void {
    const { streamOf, onMessage } = this.#options;
    const name = streamOf?.(message, frame) ?? `${frame.source.toString()} ${frame.pdu.gocbRef}`;
    const stream = this.#stream(name);
    const succession = stream.order.judge(frame.pdu);
    if (succession.kind === 'stale') {
      this.#reject(frame, 'stale');
      return;
    }
    const counters = this.#sources.of(frame.source.toString());
    counters.accepted += 1;
    if (succession.kind === 'restart') counters.restarts += 1;
    else counters.missed += succession.missed;
    stream.order.accept(frame.pdu);
    this.#watch(name, stream, frame.pdu.timeAllowedToLive);
    onMessage(message, frame);
  }

  #stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      const [oldest] = this.#streams.keys();
      if (this.#streams.size >= MOST_STREAMS && oldest !== undefined) this.forget(oldest);
      stream = { order: new StreamOrder(), timer: undefined };
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #watch(name: string, stream: Stream, timeAllowedToLive: number): void {
    const { clock, onExpired } = this.#options;
    if (onExpired === undefined) return;
    stream.timer?.cancel();
    stream.timer = clock.setTimeout(() => onExpired(name), timeAllowedToLive);
  }

  #rejectUnreadable(bytes: Buffer, error: unknown): void {
    if (!(error instanceof GooseFrameError)) throw error;
    if (error.code === 'GOOSE_OTHER_PROTOCOL') return;
    const source =
      bytes.length < SOURCE_END ? '' : MacAddress.from(bytes.subarray(SOURCE_AT, SOURCE_END)).toString();
    const reason = error.code === 'GOOSE_CRC' ? 'crc' : 'malformed';
    this.#count({ reason, source, message: error.message });
  }

  #reject(frame: ReceivedGooseFrame, reason: RejectionReason): void {
    const { gocbRef, stNum, sqNum } = frame.pdu;
    const source = frame.source.toString();
    const message = `${reason}: ${gocbRef} stNum ${stNum} sqNum ${sqNum} from ${source} to ${frame.destination.toString()}`;
    this.#count({ reason, source, message });
  }

  #count(rejection: Rejection): void {
    this.#sources.of(rejection.source).rejected[rejection.reason] += 1;
    this.#options.onRejected?.(rejection);
  }
}
