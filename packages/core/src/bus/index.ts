// SPDX-License-Identifier: Apache-2.0
export type {
  AttachedModule,
  Attachment,
  Bus,
  Caller,
  CommandEntry,
  Connection,
  ConnectionListener,
  ConnectionRequest,
  ImplementationAddress,
} from './bus.js';
export { DEFAULT_CALL_TIMEOUT_MS } from './client.js';
export { LocalBus } from './local-bus.js';
export { RoutingBus, type Routes } from './routing-bus.js';
export { VALIDATION_MODES, type ValidationMode } from './validation.js';
