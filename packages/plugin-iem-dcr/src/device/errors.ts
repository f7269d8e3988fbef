// SPDX-License-Identifier: Apache-2.0

/** The meter could not be reached, or its answer did not arrive whole. Worth another attempt. */
export class MeterUnreachable extends Error {
  /** Stable code of this error. */
  readonly code = 'IEM_DCR_UNREACHABLE';
  override readonly name = 'MeterUnreachable';

  /** @param endpoint - such as `GET 192.168.60.12:80/counter/v1/ocmf/gw` */
  constructor(
    readonly endpoint: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`HTTP client error on ${endpoint} : ${reason}`, options);
  }
}

/** The meter answered with another status than 200. */
export class MeterRefusal extends Error {
  /** Stable code of this error. */
  readonly code = 'IEM_DCR_REFUSED';
  override readonly name = 'MeterRefusal';

  /** @param body - what the meter said; shortened in the message */
  constructor(
    readonly endpoint: string,
    readonly status: number,
    readonly body: string,
  ) {
    const words = body.trim().slice(0, 200);
    super(`the meter refused ${endpoint} with status ${status}${words === '' ? '' : `: ${words}`}`);
  }
}

/** The meter answered 200 with something that the protocol does not know. */
export class UnexpectedAnswer extends Error {
  /** Stable code of this error. */
  readonly code = 'IEM_DCR_UNEXPECTED_ANSWER';
  override readonly name = 'UnexpectedAnswer';

  /** @param problem - what is wrong and where, such as `RD[0].RV: a decimal number was expected` */
  constructor(
    readonly endpoint: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`unexpected answer of the meter to ${endpoint}: ${problem}`, options);
  }
}
