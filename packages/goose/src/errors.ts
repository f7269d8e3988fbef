// SPDX-License-Identifier: Apache-2.0

/** Why bytes are not a frame that can be used; see {@link GooseFrameError}. */
export type GooseFrameErrorCode =
  /** Another ethertype: somebody else's frame. */
  | 'GOOSE_OTHER_PROTOCOL'
  /** Too short, a length that does not fit, a missing or wrong BER element, a value out of range. */
  | 'GOOSE_MALFORMED'
  /** The CRC of the secure header does not match. */
  | 'GOOSE_CRC';

/** Received bytes are not a GOOSE frame, or a broken one. The frame is to be dropped and counted. */
export class GooseFrameError extends Error {
  override readonly name = 'GooseFrameError';

  constructor(
    readonly code: GooseFrameErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** A value given by the caller cannot be put into a frame (text too long, number out of range, bad key). */
export class GooseValueError extends RangeError {
  readonly code = 'GOOSE_VALUE';
  override readonly name = 'GooseValueError';
}

/** What is wrong with an Ethernet link; see {@link EthernetLinkError}. */
export type EthernetLinkErrorCode =
  /** Packet sockets need Linux and the main thread. */
  | 'LINK_UNSUPPORTED'
  /** The process has no CAP_NET_RAW. */
  | 'LINK_NO_PERMISSION'
  /** There is no interface of that name. */
  | 'LINK_UNKNOWN_INTERFACE'
  /** The link was closed before. */
  | 'LINK_CLOSED'
  /** The operating system refused for another reason; the message has its words. */
  | 'LINK_FAILED';

/** An Ethernet link could not be opened or used. */
export class EthernetLinkError extends Error {
  override readonly name = 'EthernetLinkError';

  constructor(
    readonly code: EthernetLinkErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
