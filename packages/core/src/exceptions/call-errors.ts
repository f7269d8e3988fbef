// SPDX-License-Identifier: Apache-2.0
import type { Issue } from '../contract/index.js';
import { CarabinerError, isCarabinerError, toError } from './carabiner-error.js';

/** Why a command call failed; the names are those on EVerest's wire. */
export type CallErrorCode =
  | 'HandlerException'
  | 'SchemaValidationError'
  | 'CmdTimeout'
  | 'NotReady'
  | 'Shutdown'
  | 'MessageParsingError';

const CALL_ERROR_CODES: ReadonlySet<string> = new Set<CallErrorCode>([
  'HandlerException',
  'SchemaValidationError',
  'CmdTimeout',
  'NotReady',
  'Shutdown',
  'MessageParsingError',
]);

/** A command call (or a publication) that failed. */
export abstract class CallError extends CarabinerError {
  abstract override readonly code: CallErrorCode;
}

/** The command's handler threw or rejected; `cause` is what it threw when it ran in this process. */
export class HandlerException extends CallError {
  readonly code = 'HandlerException';
}

/** An argument, a result or a published value does not conform to its schema. */
export class SchemaValidationError extends CallError {
  readonly code = 'SchemaValidationError';

  /**
   * @param subject - what was checked, for example `arguments of psu/main.setMode`
   * @param issues - all that is wrong with it
   */
  constructor(
    subject: string,
    readonly issues: readonly Issue[] = [],
  ) {
    const details = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    super(details.length === 0 ? subject : `${subject}: ${details.join('; ')}`);
  }
}

/** The callee did not answer in time. Its handler may still be at work. */
export class CmdTimeout extends CallError {
  readonly code = 'CmdTimeout';
}

/** The callee cannot take calls: not initialised yet, failed, or too many calls wait. */
export class NotReady extends CallError {
  readonly code = 'NotReady';
}

/** The callee or the caller shut down before the call was answered. */
export class Shutdown extends CallError {
  readonly code = 'Shutdown';
}

/** The callee's side could not read the arguments. */
export class MessageParsingError extends CallError {
  readonly code = 'MessageParsingError';
}

/** True for failed calls, also those of another copy of this package; narrowed to one kind with `code`. */
export function isCallError(value: unknown, code?: CallErrorCode): value is CallError {
  return (
    isCarabinerError(value) && CALL_ERROR_CODES.has(value.code) && (code === undefined || value.code === code)
  );
}

/** Makes a call error from its name and text as they come over a wire. An unknown name is a `HandlerException`. */
export function callErrorOf(code: string, message: string): CallError {
  switch (code) {
    case 'SchemaValidationError':
      return new SchemaValidationError(message);
    case 'CmdTimeout':
      return new CmdTimeout(message);
    case 'NotReady':
      return new NotReady(message);
    case 'Shutdown':
      return new Shutdown(message);
    case 'MessageParsingError':
      return new MessageParsingError(message);
    default:
      return new HandlerException(message);
  }
}

/** What a caller sees of something a handler threw: call errors pass, all else becomes a `HandlerException`. */
export function asCallError(thrown: unknown, handler: string): CallError {
  if (isCallError(thrown)) return thrown;
  const cause = toError(thrown);
  return new HandlerException(`${handler}: ${cause.message}`, { cause });
}
