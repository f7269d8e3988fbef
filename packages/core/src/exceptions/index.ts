// SPDX-License-Identifier: Apache-2.0
export { CarabinerError, isCarabinerError, toError } from './carabiner-error.js';
export {
  CallError,
  CmdTimeout,
  HandlerException,
  MessageParsingError,
  NotReady,
  SchemaValidationError,
  Shutdown,
  asCallError,
  callErrorOf,
  isCallError,
  type CallErrorCode,
} from './call-errors.js';
