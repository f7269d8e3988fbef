// SPDX-License-Identifier: Apache-2.0

/** What went wrong, as a stable code that callers may test. */
export type FusionChargeErrorCode =
  /** A value does not fit its register. */
  | 'FUSIONCHARGE_VALUE'
  /** Bytes from the peer do not form what was expected. */
  | 'FUSIONCHARGE_FORMAT'
  /** The connection is closed, or was lost while a request waited. */
  | 'FUSIONCHARGE_CLOSED'
  /** The connection could not be opened. */
  | 'FUSIONCHARGE_CONNECT'
  /** The peer did not answer in time, or was silent for too long. */
  | 'FUSIONCHARGE_TIMEOUT'
  /** The peer refused a request with a Modbus exception. */
  | 'FUSIONCHARGE_EXCEPTION'
  /** The TLS options cannot be used: a file is missing, unreadable or not what it should be. */
  | 'FUSIONCHARGE_TLS';

/** Base of every error this package throws. */
export class FusionChargeError extends Error {
  override readonly name: string = 'FusionChargeError';

  constructor(
    readonly code: FusionChargeErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The peer answered a request with a Modbus exception. */
export class ModbusExceptionError extends FusionChargeError {
  override readonly name = 'ModbusExceptionError';

  /**
   * @param functionCode - of the request
   * @param exceptionCode - 1 illegal function, 2 illegal address, 3 illegal value, 4 device failure
   */
  constructor(
    readonly functionCode: number,
    readonly exceptionCode: number,
  ) {
    super(
      'FUSIONCHARGE_EXCEPTION',
      `the peer refused Modbus function ${functionCode} with exception ${exceptionCode}`,
    );
  }
}
