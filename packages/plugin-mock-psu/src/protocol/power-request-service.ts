// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  encodeFrame,
  GooseKey,
  GooseSubscriber,
  gooseTime,
  PRIORITY_TAG,
  type EthernetLink,
  type MacAddress,
  type Rejection,
  type SourceStatistics,
} from '@carabiner/goose';
import {
  decodePowerMessage,
  encodePowerMessage,
  RequirementType,
  type PowerRequest,
  type StopRequest,
} from '@carabiner/goose/fusioncharge';
import type { FaultSet } from '../faults/fault-set.js';
import type { SessionKeys } from './session-keys.js';

/** What a dispenser sends over GOOSE. */
export type DispenserMessage = PowerRequest | StopRequest;

/** How a {@link PowerRequestService} works. */
export interface PowerRequestServiceOptions {
  readonly clock: Clock;
  readonly link: EthernetLink;
  readonly faults: FaultSet;
  readonly keys: SessionKeys;
  readonly signReplies: boolean;
  readonly verifyRequests: boolean;
  /** Pause before a reply, ms. Some dispensers miss one that comes before they have begun to wait. */
  readonly replyDelayMs: number;
  /** Each message that passed the checks, repetitions included. */
  readonly onMessage: (message: DispenserMessage) => void;
  /** A connector was not heard of for the time its last frame allowed. */
  readonly onExpired: (connector: number) => void;
  readonly onRejected: (rejection: Rejection) => void;
}

const TIME_ALLOWED_TO_LIVE_MS = 10_000;

/** The GOOSE side: takes power and stop requests, answers module placeholder requests. */
export class PowerRequestService {
  readonly #options: PowerRequestServiceOptions;
  readonly #subscriber: GooseSubscriber<DispenserMessage>;
  readonly #strangeKey = GooseKey.random();
  /** The first good reply each connector ever got, for the fault `replay`. */
  readonly #firstReplies = new Map<number, Buffer>();
  #closed = false;

  constructor(options: PowerRequestServiceOptions) {
    this.#options = options;
    const { link, clock, keys, verifyRequests } = options;
    this.#subscriber = new GooseSubscriber<DispenserMessage>({
      link,
      clock,
      accept: verifyRequests ? 'verified' : 'any',
      read: ({ destination, pdu }) => {
        if (!destination.equals(link.mac)) return undefined;
        const message = decodePowerMessage(pdu);
        return message?.kind === 'reply' ? undefined : message;
      },
      keyFor: ({ connector }) => keys.of(connector),
      streamOf: ({ connector }) => String(connector),
      onMessage: (message, { source }) => this.#take(message, source),
      onRejected: options.onRejected,
      onExpired: (stream) => options.onExpired(Number(stream)),
    });
  }

  /** Counters of received frames by source address. */
  get statistics(): ReadonlyMap<string, SourceStatistics> {
    return this.#subscriber.statistics;
  }

  /** A connector has a new key: numbering starts anew with it. */
  keyChanged(connector: number): void {
    this.#subscriber.forget(String(connector));
  }

  /**
   * A dispenser has connected. It may have been started anew with its clock set back; where each session has a key of its
   * own, the key makes the numbering start anew, else this does.
   */
  dispenserConnected(): void {
    if (this.#options.keys.policy === 'constant') this.#subscriber.forgetNumbering();
  }

  close(): void {
    this.#closed = true;
    this.#subscriber.close();
  }

  #take(message: DispenserMessage, source: MacAddress): void {
    const { faults, onMessage } = this.#options;
    if (faults.find('stall') !== undefined) return;
    onMessage(message);
    if (message.kind === 'request' && message.requirement === (RequirementType.ModulePlaceholder as number))
      this.#answer(message, source);
  }

  #answer(request: PowerRequest, source: MacAddress): void {
    const { clock, faults, replyDelayMs } = this.#options;
    const { connector } = request;
    if (faults.find('placeholder_withhold', connector) !== undefined) return;
    const lateS = faults.find('placeholder_delay', connector)?.value ?? 0;
    clock.setTimeout(() => this.#reply(request, source), replyDelayMs + lateS * 1000);
  }

  #reply(request: PowerRequest, destination: MacAddress): void {
    const { clock, link, faults, keys, signReplies } = this.#options;
    const { connector } = request;
    if (this.#closed || faults.find('stall') !== undefined) return;
    const first = this.#firstReplies.get(connector);
    if (first !== undefined && faults.find('replay', connector) !== undefined) {
      link.send(first);
      return;
    }
    const success = faults.find('placeholder_refuse', connector) === undefined;
    const { appId, gocbRef, data } = encodePowerMessage({ ...request, kind: 'reply', success });
    const strange = faults.find('wrong_hmac', connector) !== undefined;
    const key = strange ? this.#strangeKey : keys.of(connector);
    if (signReplies && key === undefined) return;
    const frame = encodeFrame(
      {
        destination,
        source: link.mac,
        vlan: PRIORITY_TAG,
        appId,
        pdu: {
          gocbRef,
          timeAllowedToLive: TIME_ALLOWED_TO_LIVE_MS,
          datSet: gocbRef,
          goID: gocbRef,
          t: gooseTime(clock.now()),
          stNum: 0,
          sqNum: 0,
          simulation: false,
          confRev: 1,
          ndsCom: false,
          allData: data,
        },
      },
      signReplies ? key : undefined,
    );
    if (!strange && !this.#firstReplies.has(connector)) this.#firstReplies.set(connector, frame);
    link.send(frame);
  }
}
