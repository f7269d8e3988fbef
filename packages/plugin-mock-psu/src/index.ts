// SPDX-License-Identifier: Apache-2.0
export { MockPowerUnit, type MockPowerUnitEvents, type MockPowerUnitOptions } from './mock-power-unit.js';
export { DEFAULT_DYNAMICS, DEFAULT_RATINGS, PowerUnit, type PortRatings } from './device/power-unit.js';
export type { ElectricalLoad, OutputDynamics, OutputState } from './device/dc-output.js';
export {
  FaultError,
  FAULTS,
  type Fault,
  type FaultName,
  type FaultRequest,
} from './faults/fault-catalogue.js';
export { FaultSet } from './faults/fault-set.js';
export { CONSTANT_KEY, type KeyPolicy } from './protocol/session-keys.js';
export type { DispenserMessage } from './protocol/power-request-service.js';
export type { MockLog } from './mock-log.js';
export { MockPsu } from './module/mock-psu.js';
export { CERTIFICATE_FILES } from './certificate-files.js';
export { generateCertificates } from './command/certificates.js';
