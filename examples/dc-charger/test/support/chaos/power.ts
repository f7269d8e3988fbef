// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import type { Output } from '@carabiner/interfaces/types/dc_power_output';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import { BROKER, type Disturbances } from './disturbances.js';

/** Relays are open so long after the state that wanted them closed, ms of real time. */
const OPEN_MS = 2_000;
/** A supply is off so long after the relays opened, ms of real time. */
const OFF_MS = 2_500;
/** Current ends so long after the process that commands it is gone, ms of real time. */
const UNSUPERVISED_MS = 1_500;
const CURRENT_A = 1;

/** After these events the relays may be closed. */
const MAY_CLOSE: ReadonlySet<SessionEvent['event']> = new Set([
  'PrepareCharging',
  'ChargingStarted',
  'ChargingPausedEV',
  'SwitchingPhases',
]);

/** A condition that must not last. It counts only while everybody who could end it is undisturbed. */
class Patience {
  #sinceMs: number | undefined;
  #reported = false;

  constructor(
    private readonly limitMs: number,
    private readonly what: string,
    private readonly violated: (what: string) => void,
  ) {}

  look(nowMs: number, holds: boolean): void {
    if (!holds) {
      this.#sinceMs = undefined;
      this.#reported = false;
      return;
    }
    this.#sinceMs ??= nowMs;
    const lastsMs = nowMs - this.#sinceMs;
    if (lastsMs <= this.limitMs || this.#reported) return;
    this.#reported = true;
    this.violated(`${this.what} for more than ${this.limitMs} ms`);
  }
}

/** Relays, supply and current obey the state of the session, as far as processes are there to obey. */
export class PowerInvariant {
  readonly #closed: Patience;
  readonly #supplied: Patience;
  readonly #unsupervised: Patience;
  #output: Output = { voltage_V: 0, current_A: 0, enabled: false };
  #unitOn = false;
  #last: SessionEvent['event'] | undefined;
  #chargedMs = 0;
  #lookedMs = systemClock.monotonic();

  /** @param supervised - the board and the supplies switch off by themselves when who commands them is lost */
  constructor(
    private readonly disturbances: Disturbances,
    private readonly supervised: boolean,
    violated: (what: string) => void,
  ) {
    const because = (what: string): void => {
      violated(`${what}; last event ${this.#last ?? 'none'}`);
    };
    this.#closed = new Patience(OPEN_MS, 'the relays are closed outside charging', because);
    this.#supplied = new Patience(OFF_MS, 'the power supply is on with open relays', because);
    this.#unsupervised = new Patience(
      UNSUPERVISED_MS,
      'current flows while the manager of the EVSE is gone',
      because,
    );
  }

  get summary(): string {
    return `${(this.#chargedMs / 1000).toFixed(0)} s of current`;
  }

  get current(): boolean {
    return this.#output.current_A > CURRENT_A;
  }

  get relaysClosed(): boolean {
    return this.#output.enabled;
  }

  event({ event }: SessionEvent): void {
    this.#last = event;
    this.look();
  }

  output(output: Output): void {
    this.#output = output;
    this.look();
  }

  unit({ enabled }: Output): void {
    this.#unitOn = enabled;
    this.look();
  }

  /** The simulated board starts with open relays, the simulated unit switched off. */
  restarted(moduleId: string): void {
    if (moduleId === 'bench_1') this.#output = { voltage_V: 0, current_A: 0, enabled: false };
    if (moduleId === 'power_unit') this.#unitOn = false;
    if (moduleId === 'evse_1') this.#last = undefined;
  }

  /** Called often. */
  look(): void {
    const nowMs = systemClock.monotonic();
    if (this.current) this.#chargedMs += nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    const well = (...who: readonly string[]): boolean =>
      !this.disturbances.any([BROKER, ...who], nowMs - 300, nowMs);
    const outside = this.#last === undefined || !MAY_CLOSE.has(this.#last);
    this.#closed.look(nowMs, this.relaysClosed && outside && well('evse_1', 'bench_1'));
    this.#supplied.look(
      nowMs,
      this.#unitOn &&
        !this.relaysClosed &&
        this.#last !== 'PrepareCharging' &&
        well('evse_1', 'bench_1', 'psu', 'power_unit'),
    );
    const dead = this.disturbances.since('evse_1', 'dead') !== undefined;
    this.#unsupervised.look(nowMs, this.supervised && dead && this.current && well('bench_1', 'psu'));
  }
}
