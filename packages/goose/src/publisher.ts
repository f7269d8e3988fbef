// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { EthernetLink } from './ethernet-link.js';
import type { GooseData } from './goose-data.js';
import { EncodedFrame, PRIORITY_TAG, type VlanTag } from './goose-frame.js';
import type { GooseKey } from './goose-key.js';
import { gooseTime } from './goose-time.js';
import type { MacAddress } from './mac-address.js';

/** What a frame says, apart from numbering and time. */
export interface GooseMessage {
  readonly appId: number;
  readonly gocbRef: string;
  /** Default: as gocbRef. */
  readonly datSet?: string;
  /** Default: as gocbRef. */
  readonly goID?: string;
  readonly data: readonly GooseData[];
}

/** When a state is repeated. */
export interface RetransmissionSchedule {
  /** Pauses after the first frames, in milliseconds. */
  readonly burstMs: readonly number[];
  /** Pause between all later frames, in milliseconds. */
  readonly steadyMs: number;
}

/** 2, 2, 4, 8 ms, then each second. */
export const DEFAULT_SCHEDULE: RetransmissionSchedule = { burstMs: [2, 2, 4, 8], steadyMs: 1000 };

/** Settings of a {@link GoosePublisher}. */
export interface GoosePublisherOptions {
  /** Where to send, and whose address is the source. */
  readonly link: Pick<EthernetLink, 'mac' | 'send'>;
  readonly clock: Clock;
  /** Whether frames are signed. A signing publisher without a key sends nothing. */
  readonly secure: boolean;
  /** Default {@link DEFAULT_SCHEDULE}. */
  readonly schedule?: RetransmissionSchedule;
  /** Default priority 5, VLAN 0; null sends untagged frames. */
  readonly vlan?: VlanTag | null;
  /** Milliseconds; default 10000. */
  readonly timeAllowedToLive?: number;
  /** Default 1. */
  readonly confRev?: number;
}

/** A repetition may be early by this much. */
const EARLIEST_MS = 0.5;

/** A repetition that is later than this begins the rest of the schedule anew from when it was sent. */
const LATEST_MS = 10;

/** stNum and sqNum are 16 bits wide in FusionCharge and wrap to 0. */
const NUMBERS = 0x10000;

/**
 * One stream of states: each new state is sent at once and repeated until the next one replaces it.
 */
export class GoosePublisher {
  readonly #options: GoosePublisherOptions;
  readonly #schedule: RetransmissionSchedule;
  #key: GooseKey | undefined;
  #frame: EncodedFrame | undefined;
  #timer: Timer | undefined;
  #stNum = 0;
  #sqNum = 0;
  #repetition = 0;
  #dueMs = 0;
  #lastUnixMs = 0;

  constructor(options: GoosePublisherOptions) {
    this.#options = options;
    this.#schedule = options.schedule ?? DEFAULT_SCHEDULE;
  }

  /** Number of the last state; 0 before the first. */
  get stNum(): number {
    return this.#stNum;
  }

  /** Number of the last repetition sent. */
  get sqNum(): number {
    return this.#sqNum;
  }

  /** Whether the last state is being repeated. */
  get active(): boolean {
    return this.#timer !== undefined;
  }

  /** Key for states published from now on; the state in repetition keeps the one it was signed with. */
  setKey(key: GooseKey | undefined): void {
    this.#key = key;
  }

  /**
   * Sends a new state to `destination` before it returns, and goes on repeating it.
   *
   * @returns false when frames are to be signed and there is no key: nothing is sent then, no number is used, and the
   *   former state is no longer repeated
   * @throws GooseValueError when the message does not fit into a frame
   */
  publish(destination: MacAddress, message: GooseMessage): boolean {
    this.stop();
    const { link, clock, secure } = this.#options;
    if (secure && this.#key === undefined) {
      this.#frame = undefined;
      return false;
    }
    const { vlan = PRIORITY_TAG, timeAllowedToLive = 10_000, confRev = 1 } = this.#options;
    // A clock that is set back must not make this state look older than the one before.
    const unixMs = Math.max(clock.now(), this.#lastUnixMs);
    const stNum = (this.#stNum + 1) % NUMBERS;
    this.#frame = new EncodedFrame(
      {
        destination,
        source: link.mac,
        vlan: vlan ?? undefined,
        appId: message.appId,
        pdu: {
          gocbRef: message.gocbRef,
          timeAllowedToLive,
          datSet: message.datSet ?? message.gocbRef,
          goID: message.goID ?? message.gocbRef,
          t: gooseTime(unixMs),
          stNum,
          sqNum: 0,
          simulation: false,
          confRev,
          ndsCom: false,
          allData: message.data,
        },
      },
      secure ? this.#key : undefined,
    );
    this.#lastUnixMs = unixMs;
    this.#stNum = stNum;
    this.#sqNum = 0;
    this.#repetition = 0;
    this.#dueMs = clock.monotonic();
    link.send(this.#frame.bytes);
    this.#scheduleNext();
    return true;
  }

  /** Halts the repetition. Numbering is kept. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Repeats the last state again, with the next sequence number. Does nothing when there is none or it is active. */
  resume(): void {
    if (this.#frame === undefined || this.active) return;
    this.#repetition = this.#schedule.burstMs.length;
    this.#dueMs = this.#options.clock.monotonic();
    this.#repeat();
  }

  #repeat(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#sqNum = (this.#sqNum + 1) % NUMBERS;
    frame.setSqNum(this.#sqNum);
    this.#options.link.send(frame.bytes);
    this.#scheduleNext();
  }

  #scheduleNext(): void {
    const { clock } = this.#options;
    const pauseMs = this.#schedule.burstMs[this.#repetition] ?? this.#schedule.steadyMs;
    this.#repetition += 1;
    // From due time to due time, so that a late repetition does not delay those after it; a long stall is not made up for.
    const nowMs = clock.monotonic();
    const lateMs = nowMs - this.#dueMs;
    this.#dueMs = (lateMs > LATEST_MS ? nowMs : this.#dueMs) + pauseMs;
    this.#arm(Math.max(0, this.#dueMs - nowMs));
  }

  #arm(delayMs: number): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(
      () => {
        // A clock that knows no precise timers may fire early.
        const earlyMs = this.#dueMs - clock.monotonic();
        if (earlyMs > EARLIEST_MS) this.#arm(earlyMs);
        else this.#repeat();
      },
      delayMs,
      { precise: true },
    );
  }
}
