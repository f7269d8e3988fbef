// SPDX-License-Identifier: Apache-2.0
export { IemDcr } from './iem-dcr.js';
export { IemDcrClient } from './device/iem-dcr-client.js';
export { MeterRefusal, MeterUnreachable, UnexpectedAnswer } from './device/errors.js';
export type { HttpExchangeOptions } from './device/http-exchange.js';
export type { Gateway, LiveValues, PublicKeyAnswer, UserData } from './device/answers.js';
