// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { DispenserMessage } from './power-request-service.js';

/** Hands a text to a broker. */
export type PublishText = (topic: string, payload: string) => void;

/** The same text for a connector is published again after this time only, ms. */
const REPEAT_AFTER_MS = 1000;
const DECIMALS = 6;

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
    const payload = `{"voltage": ${voltage.toFixed(DECIMALS)}, "current": ${current.toFixed(DECIMALS)}}`;
    const { connector } = message;
    const last = this.#last.get(connector);
    const atMs = this.clock.monotonic();
    if (last?.payload === payload && atMs - last.atMs < REPEAT_AFTER_MS) return;
    this.#last.set(connector, { payload, atMs });
    this.publish(`${withSlash(this.baseTopic)}${connector}/power_request`, payload);
  }
}

/** The topic prefix with its slash at the end. */
export function withSlash(baseTopic: string): string {
  return baseTopic.endsWith('/') ? baseTopic : `${baseTopic}/`;
}
