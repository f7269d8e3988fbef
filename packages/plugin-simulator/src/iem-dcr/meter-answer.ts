// SPDX-License-Identifier: Apache-2.0

/** Answer of the REST gateway. */
export interface MeterAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: 'application/json' | 'text/plain';
}

/** Answers 200 with a value as JSON. */
export function json(value: unknown): MeterAnswer {
  return { status: 200, body: JSON.stringify(value), contentType: 'application/json' };
}

/** Answers 200 with nothing. */
export const ok: MeterAnswer = { status: 200, body: '', contentType: 'application/json' };

/** Answers with a status that refuses, and nothing. */
export function refused(status: number): MeterAnswer {
  return { status, body: '', contentType: 'application/json' };
}
