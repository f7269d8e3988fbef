// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  GooseSubscriber,
  MacAddress,
  type Acceptance,
  type EthernetLink,
  type GooseKey,
  type ReceivedGooseFrame,
  type Rejection,
} from '@carabiner/goose';
import { decodePowerMessage, RequirementType, type PowerReply } from '@carabiner/goose/fusioncharge';

/** Settings of a receiver. */
export interface ReplyReceiverOptions {
  readonly link: EthernetLink;
  readonly clock: Clock;
  readonly accept: Acceptance;
  /** Address of the power unit; replies of others do not count. */
  readonly psuMac: () => MacAddress;
  /** Key of a connector by its global number. */
  readonly keyOf: (globalNumber: number) => GooseKey | undefined;
  readonly onReply: (reply: PowerReply) => void;
  readonly onRejected: (rejection: Rejection) => void;
}

/** The numbering that belongs to a connector. */
const streamName = (globalNumber: number): string => `reply ${globalNumber}`;

/** Hears the power unit's answers to requests for modules: from its address, to ours, signed with the right key, new. */
export class ReplyReceiver {
  readonly #subscriber: GooseSubscriber<PowerReply>;

  constructor(options: ReplyReceiverOptions) {
    const { link, clock, accept } = options;
    this.#subscriber = new GooseSubscriber<PowerReply>({
      link,
      clock,
      accept,
      read: (frame) => this.#read(frame, link.mac, options.psuMac()),
      keyFor: (reply) => options.keyOf(reply.connector),
      streamOf: (reply) => streamName(reply.connector),
      onMessage: options.onReply,
      onRejected: options.onRejected,
    });
  }

  /** Accepts any numbering next for a connector. */
  forget(globalNumber: number): void {
    this.#subscriber.forget(streamName(globalNumber));
  }

  close(): void {
    this.#subscriber.close();
  }

  #read(frame: ReceivedGooseFrame, own: MacAddress, psu: MacAddress): PowerReply | undefined {
    // A power unit may hand out keys before it writes its address.
    if (!frame.destination.equals(own) || !(psu.equals(MacAddress.ZERO) || frame.source.equals(psu)))
      return undefined;
    const message = decodePowerMessage(frame.pdu);
    return message?.kind === 'reply' && message.requirement === RequirementType.ModulePlaceholder
      ? message
      : undefined;
  }
}
