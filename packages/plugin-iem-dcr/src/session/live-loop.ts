// SPDX-License-Identifier: Apache-2.0
import { MeterUnreachable } from '../device/errors.js';
import { toPowermeter } from '../device/live-powermeter.js';
import type { MeterLink } from './meter-link.js';
import type { SessionContext, SessionOutputs } from './session-options.js';
import type { TransactionControl } from './transaction-control.js';

const PERIOD_MS = 1000;
const FIRST_RETRY_MS = 1000;
/** Turns in a row with answers that make no sense before the meter counts as not communicating. */
const SENSELESS_TURNS = 3;

/** Cyclic work: initialisation, live values once a second, clock. One turn at a time, and no failure ends it. */
export class LiveLoop {
  #retryMs = FIRST_RETRY_MS;
  #senseless = 0;

  constructor(
    private readonly context: SessionContext,
    private readonly link: MeterLink,
    private readonly transactions: TransactionControl,
    private readonly outputs: SessionOutputs,
  ) {}

  /**
   * One turn.
   *
   * @returns pause until the next one, ms from the begin of this one
   */
  async turn(): Promise<number> {
    if (!this.link.initialised) {
      try {
        await this.link.initialise();
      } catch (error) {
        return this.#initialisationFailed(error as Error);
      }
      this.#retryMs = FIRST_RETRY_MS;
      this.context.log.info('the meter is initialised');
    }
    return await this.#live();
  }

  async #live(): Promise<number> {
    const { config, clock, log } = this.context;
    try {
      if (!this.link.keyPublished) {
        this.outputs.publishPublicKey(await this.link.readPublicKey());
        this.link.keyPublished = true;
      }
      const live = await this.link.readLive();
      const now = new Date(clock.now()).toISOString();
      this.outputs.publishPowermeter(toPowermeter(live, config.energy_register, now));
    } catch (error) {
      this.#liveFailed(error as Error);
      return PERIOD_MS;
    }
    this.#senseless = 0;
    this.outputs.clearCommunicationFault();
    await this.link.syncTimeIfDue();
    try {
      await this.transactions.settleDebts();
    } catch (error) {
      log.warn('a record left in the meter could not be fetched yet', { reason: (error as Error).message });
    }
    return PERIOD_MS;
  }

  #initialisationFailed(error: Error): number {
    const pause = this.#retryMs;
    this.#retryMs = Math.min(2 * pause, this.context.config.resilience_initial_connection_retry_delay);
    this.outputs.raiseCommunicationFault(error.message);
    this.context.log.warn('the meter could not be initialised', {
      reason: error.message,
      again_in_ms: pause,
    });
    return pause;
  }

  #liveFailed(error: Error): void {
    this.link.initialised = false;
    this.#senseless++;
    this.context.log.warn('no live values', { reason: error.message });
    if (error instanceof MeterUnreachable || this.#senseless >= SENSELESS_TURNS)
      this.outputs.raiseCommunicationFault(error.message);
  }
}
