// SPDX-License-Identifier: Apache-2.0
export { IemDcrGateway, type GatewayOptions, type GatewayRequest } from './gateway.js';
export { ControlServer } from './control-server.js';
export { FAULT_KINDS, faultSchema, type Fault, type FaultKind } from './faults.js';
export { IemDcrMeter, NO_ERROR_WORDS, type IemDcrMeterOptions } from './meter.js';
export type { MeterAnswer } from './meter-answer.js';
export { readScript, runScript, type OutputScript, type ScriptStep } from './output-script.js';
export { SigningKey, type KeyForm, type SignatureForm } from './signing-key.js';
export { DEFAULT_SWITCHES, readSwitches, switchesSchema, type IemDcrSwitches } from './switches.js';
