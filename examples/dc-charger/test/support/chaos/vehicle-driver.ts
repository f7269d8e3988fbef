// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import type { ChargerUnderTest } from './charger-under-test.js';
import type { Random } from './random.js';

/** A session that says nothing new for so long is given up: the vehicle leaves. Real time, ms. */
const STUCK_MS = 3_000;
const LOOK_MS = 50;

/** Script of a session; the battery is emptied first, since the same vehicle comes again and again. */
export function sessionScript(chargeS: number): string {
  return (
    'set_soc 40;plugin;iso_wait_slac_matched;iso_start_v2g_session DC;iso_wait_pwr_ready;' +
    `wait_until_full ${chargeS};iso_wait_v2g_session_stopped;sleep 2;unplug`
  );
}

/** Plugs in, charges and unplugs, over and over, whatever becomes of it. */
export class VehicleDriver {
  #lastEventMs = 0;
  #finished = false;
  #stopping = false;
  #over: Promise<void> | undefined;

  constructor(
    private readonly charger: ChargerUnderTest,
    private readonly random: Random,
  ) {}

  event({ event }: SessionEvent): void {
    this.#lastEventMs = systemClock.monotonic();
    if (event === 'SessionFinished') this.#finished = true;
  }

  start(): void {
    this.#over = this.#drive();
  }

  /** Unplugs and drives no more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#over;
    for (let tries = 0; tries < 20 && !(await this.#say('unplug')); tries++) await systemClock.sleep(200);
  }

  async #drive(): Promise<void> {
    while (!this.#stopping) await this.#session();
  }

  async #session(): Promise<void> {
    await this.#say('unplug');
    await systemClock.sleep(100);
    this.#finished = false;
    this.#lastEventMs = systemClock.monotonic();
    if (await this.#say(sessionScript(this.random.int(5, 30))))
      while (this.#goesOn()) await systemClock.sleep(LOOK_MS);
  }

  #goesOn(): boolean {
    return !this.#stopping && !this.#finished && systemClock.monotonic() - this.#lastEventMs < STUCK_MS;
  }

  async #say(value: string): Promise<boolean> {
    try {
      await this.charger.call('bench_1', 'ev', 'execute_charging_session', { value });
      return true;
    } catch {
      // The vehicle's process is gone or cut off at the moment.
      await systemClock.sleep(LOOK_MS);
      return false;
    }
  }
}
