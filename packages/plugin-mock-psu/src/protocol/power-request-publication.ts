// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { DispenserMessage } from './power-request-service.js';

/** Hands a text to a broker. */
export type PublishText = (topic: string, payload: string) => void;

/** The same text for a connector is published again after this time only, ms. */
const REPEAT_AFTER_MS = 1000;

interface Published {
  readonly payload: string;
  readonly atMs: number;
}

/**
 * Publishes what dispensers ask for on `<base><global connector>/power_request`: at once when it changes, else at most
 * once a second.
 */
export class PowerRequestPublication {
  readonly #last = new Map<number, Published>();

  /** @param baseTopic - put before the connector's number; a slash is added when it lacks one */
  constructor(
    private readonly clock: Clock,
    private readonly baseTopic: string,
    private readonly publish: PublishText,
  ) {}

  /** Takes each received message. */
  onMessage(message: DispenserMessage): void {
    const { voltage, current } = message.kind === 'request' ? message : { voltage: 0, current: 0 };
    const payload = `{"voltage": ${sixDecimals(voltage)}, "current": ${sixDecimals(current)}}`;
    const { connector } = message;
    const last = this.#last.get(connector);
    const atMs = this.clock.monotonic();
    if (last?.payload === payload && atMs - last.atMs < REPEAT_AFTER_MS) return;
    this.#last.set(connector, { payload, atMs });
    this.publish(`${withSlash(this.baseTopic)}${connector}/power_request`, payload);
  }
}

/** As `%f` of C prints a single precision number: ties go to the even digit, large numbers have no exponent. */
export function sixDecimals(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e21) return `${sign}${BigInt(magnitude)}.000000`;
  // Exact, since a single has 24 bits and the factor 14 beside its powers of two.
  const halves = magnitude * 2_000_000;
  if (halves % 2 !== 1) return `${sign}${magnitude.toFixed(6)}`;
  const below = (halves - 1) / 2;
  return `${sign}${((below % 2 === 0 ? below : below + 1) / 1_000_000).toFixed(6)}`;
}

/** The topic prefix with its slash at the end. */
export function withSlash(baseTopic: string): string {
  return baseTopic.endsWith('/') ? baseTopic : `${baseTopic}/`;
}
