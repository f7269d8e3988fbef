// SPDX-License-Identifier: Apache-2.0
export { decodePdu, encodePdu, type GoosePdu } from './goose-pdu.js';
export { float32, uint16, type GooseData } from './goose-data.js';
export {
  compareGooseTime,
  gooseTime,
  gooseTimeToUnixMs,
  QUALITY_MILLISECOND,
  type GooseTime,
} from './goose-time.js';
export {
  decodeFrame,
  EncodedFrame,
  encodeFrame,
  ETHERTYPE_GOOSE,
  PRIORITY_TAG,
  type GooseFrame,
  type ReceivedGooseFrame,
  type VlanTag,
} from './goose-frame.js';
export { GooseKey } from './goose-key.js';
export { crc16 } from './crc16.js';
export { MacAddress } from './mac-address.js';
export {
  EthernetLinkError,
  GooseFrameError,
  GooseValueError,
  type EthernetLinkErrorCode,
  type GooseFrameErrorCode,
} from './errors.js';
export type { EthernetLink, FrameListener, LinkStatistics, LinkStatusListener } from './ethernet-link.js';
export { MemoryNetwork } from './memory-link.js';
export { openUdpLink, UDP_GROUP, UDP_PORT, type UdpLinkOptions } from './udp-link.js';
export {
  DEFAULT_SCHEDULE,
  GoosePublisher,
  type GooseMessage,
  type GoosePublisherOptions,
  type RetransmissionSchedule,
} from './publisher.js';
export {
  GooseSubscriber,
  type Acceptance,
  type GooseSubscriberOptions,
  type Rejection,
} from './subscriber.js';
export { OTHER_SOURCES, type RejectionReason, type SourceStatistics } from './source-statistics.js';
export { openPacketLink, type PacketLinkOptions } from './packet-link.js';
