// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

export type SlacState = 'UNMATCHED' | 'MATCHING' | 'MATCHED';

/** What the power line modem reports, see interface `slac`. */
export interface SlacReports {
  state(state: SlacState): void;
  dlinkReady(ready: boolean): void;
  evMacAddress(mac: string): void;
}

/** Power line matching between charger and vehicle (ISO 15118-3): begins when the vehicle sees 5 % PWM. */
export class SlacLink {
  #state: SlacState = 'UNMATCHED';
  #ready = false;
  #timers: Timer[] = [];
  /** When false the vehicle never answers (no modem, or a defective one). */
  answering = true;

  constructor(
    private readonly clock: Clock,
    private readonly report: SlacReports,
    private readonly mac: string,
  ) {}

  get state(): SlacState {
    return this.#state;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The vehicle saw 5 % PWM: match, unless done or under way. */
  begin(): void {
    if (this.#state !== 'UNMATCHED' || this.#timers.length > 0 || !this.answering) return;
    this.#timers = [
      this.clock.setTimeout(() => this.#to('MATCHING'), 100),
      this.clock.setTimeout(() => {
        this.report.evMacAddress(this.mac);
        this.#to('MATCHED');
      }, 200),
      this.clock.setTimeout(() => {
        this.#timers = [];
        this.#ready = true;
        this.report.dlinkReady(true);
      }, 250),
    ];
  }

  /** Leaves the logical network. */
  end(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    if (this.#ready) {
      this.#ready = false;
      this.report.dlinkReady(false);
    }
    this.#to('UNMATCHED');
  }

  #to(state: SlacState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.report.state(state);
  }
}
