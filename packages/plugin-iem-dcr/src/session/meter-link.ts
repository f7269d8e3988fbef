// SPDX-License-Identifier: Apache-2.0
import { parseOcmfTime } from '@carabiner/ocmf';
import type { LiveValues } from '../device/answers.js';
import { MeterRefusal, MeterUnreachable } from '../device/errors.js';
import type { SessionContext } from './session-options.js';

const HOUR_MS = 3_600_000;
/** Pause before CT and CI are offered again to a meter that has none and refused them. */
const RETRY_MS = 10_000;

function letterOf(TM: string): string | undefined {
  return /[A-Z]$/.exec(TM)?.[0];
}

/** What is known of the meter, and the requests that make it known. The caller sees to it that they do not overlap. */
export class MeterLink {
  /** Whether CT, CI and clock were offered to the meter since it was last reached. */
  initialised = false;
  /** Whether the public key was published since then. */
  keyPublished = false;
  /** Whether a transaction runs; undefined while it is not known. */
  running: boolean | undefined;
  /** Last live values. */
  live: LiveValues | undefined;
  /** Last good public key; empty when there was none. */
  publicKey = '';
  #liveAtMs = 0;
  /** Last status letter of the meter's clock that could be read. */
  #timeStatus: string | undefined;
  /** Whether the clock was set since the last live values, so that their time says nothing about it any more. */
  #clockMoved = false;
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  /** Whether it was told that the clock cannot be set. */
  #syncFailureTold = false;
  /** When a meter that has no CT, and refused to take one, is initialised again. */
  #offerAgainAtMs = Number.POSITIVE_INFINITY;

  constructor(private readonly context: SessionContext) {}

  /**
   * Offers CT, CI, clock and tariff text.
   *
   * @throws MeterUnreachable, MeterRefusal or UnexpectedAnswer when the meter cannot be worked with
   */
  async initialise(): Promise<void> {
    const { client, config, time, clock, log } = this.context;
    this.initialised = false;
    this.keyPublished = false;
    const { CT } = await client.getGateway();
    let fresh = true;
    this.#offerAgainAtMs = Number.POSITIVE_INFINITY;
    try {
      await client.postGateway(config.CT, config.CI, time.format(clock.now()));
      this.#clockWasSet();
    } catch (error) {
      if (!(error instanceof MeterRefusal)) throw error;
      fresh = false;
      if (CT === '') this.#offerAgainAtMs = clock.monotonic() + RETRY_MS;
      log.warn('CT and CI of the meter stay as they are until its next power-up', { reason: error.message });
    }
    if (config.TT_initial !== '') await this.#offerTariff(fresh);
    this.initialised = true;
  }

  /** The text of a running transaction is not touched; only a meter that kept its CT can be running one. */
  async #offerTariff(fresh: boolean): Promise<void> {
    const { client, config, log } = this.context;
    if (!fresh && (await this.readLive()).XT) return;
    try {
      await client.postTariff(config.TT_initial);
    } catch (error) {
      if (!(error instanceof MeterRefusal)) throw error;
      log.warn('the meter does not take the initial tariff text', { reason: error.message });
    }
  }

  /** Reads live values and what follows from them. One lost telegram is asked for again at once. */
  async readLive(): Promise<LiveValues> {
    const { client, clock } = this.context;
    const startedMs = clock.monotonic();
    let live: LiveValues;
    try {
      live = await client.getLiveValues();
    } catch (error) {
      // A connection that was kept open may have been closed by the meter; a time limit is no such case.
      if (!(error instanceof MeterUnreachable) || clock.monotonic() - startedMs > 500) throw error;
      live = await client.getLiveValues();
    }
    this.#liveAtMs = clock.monotonic();
    this.#clockMoved = false;
    this.#noticePowerCycle(live);
    this.live = live;
    this.running = live.XT;
    if (this.#liveAtMs >= this.#offerAgainAtMs) this.initialised = false;
    return live;
  }

  /** A meter whose clock is not trusted any more was without power, even when nobody noticed it being away. */
  #noticePowerCycle(live: LiveValues): void {
    const before = this.#timeStatus;
    const letter = letterOf(live.TM);
    this.#timeStatus = letter ?? before;
    if (before === undefined || before === 'U' || letter !== 'U') return;
    this.context.log.warn('the meter has lost its time; it is initialised again', { TM: live.TM });
    this.initialised = false;
  }

  /** Reads the public key; empty when the meter gives none. Only a good one replaces {@link MeterLink.publicKey}. */
  async readPublicKey(): Promise<string> {
    const { client, log } = this.context;
    try {
      const { PK = '' } = await client.getPublicKey();
      if (PK !== '') this.publicKey = PK;
      return PK;
    } catch (error) {
      if (!(error instanceof MeterRefusal)) throw error;
      log.warn('the meter does not give its public key', { reason: error.message });
      return '';
    }
  }

  /** Sets the meter's clock when it is time to and no transaction runs. A failure is tried again at the next turn. */
  async syncTimeIfDue(): Promise<void> {
    const { client, config, time, clock, log } = this.context;
    const now = clock.monotonic();
    if (this.running !== false || now - this.#syncedAtMs < config.datetime_resync_interval * HOUR_MS) return;
    try {
      await client.postDateTime(time.format(clock.now()));
      this.#clockWasSet();
      this.#syncFailureTold = false;
    } catch (error) {
      const level = this.#syncFailureTold ? 'debug' : 'warn';
      this.#syncFailureTold = true;
      log[level]('the clock of the meter could not be set', { reason: (error as Error).message });
    }
  }

  #clockWasSet(): void {
    this.#syncedAtMs = this.context.clock.monotonic();
    this.#clockMoved = true;
  }

  /** The meter's clock as it should be now, in milliseconds since 1970; undefined when it is not to be trusted. */
  get meterNowMs(): number | undefined {
    if (this.live === undefined || this.#clockMoved) return undefined;
    const time = parseOcmfTime(this.live.TM);
    if (time === undefined || time.status === 'U' || time.status === undefined) return undefined;
    return time.epochMs + this.context.clock.monotonic() - this.#liveAtMs;
  }
}
