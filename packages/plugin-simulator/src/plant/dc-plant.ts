// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Battery } from './battery.js';
import { EnergyCounter } from './energy-counter.js';

/** What is connected to the power unit's output. */
export interface PlantLoad {
  readonly connected: boolean;
  readonly counter_voltage_V?: number;
  readonly series_resistance_Ohm?: number;
}

/** Insulation and the measuring devices: all that hangs on the output while the vehicle's contactor is open, Ohm. */
const IDLE_RESISTANCE_OHM = 1_000_000;

/**
 * The one electrical truth of a bench: power unit output, output relays, the vehicle's contactor and its battery.
 *
 * Every device of the bench (monitors, meter, vehicle) reads voltage and current here, so they can never disagree.
 */
export class DcPlant {
  #sourceVoltageV = 0;
  #sourceCurrentA = 0;
  #relaysClosed = false;
  #contactorClosed = false;
  #lastMs: number;
  readonly #delivered: EnergyCounter;

  /** @param onLoad - told what the power unit sees whenever that changes noticeably */
  constructor(
    private readonly clock: Clock,
    readonly battery: Battery,
    private readonly onLoad: (load: PlantLoad) => void,
  ) {
    this.#lastMs = clock.monotonic();
    this.#delivered = new EnergyCounter(this.#lastMs);
  }

  /** Voltage at the power unit's terminals, before the relays, V. */
  get sourceVoltageV(): number {
    return this.#sourceVoltageV;
  }

  /** Voltage at the vehicle side of the relays, V. */
  get terminalVoltageV(): number {
    if (this.#relaysClosed) return this.#sourceVoltageV;
    return this.#contactorClosed ? this.battery.openCircuitVoltageV : 0;
  }

  /** Current into the vehicle, A. */
  get currentA(): number {
    return this.#relaysClosed && this.#contactorClosed ? this.#sourceCurrentA : 0;
  }

  /** Energy that went through the relays into the vehicle, Wh. */
  get deliveredWh(): number {
    this.settle();
    return this.#delivered.energyWh(this.clock.monotonic());
  }

  get contactorClosed(): boolean {
    return this.#contactorClosed;
  }

  /** What the power unit delivers from now on. */
  setSource(voltageV: number, currentA: number): void {
    this.settle();
    this.#sourceVoltageV = voltageV;
    this.#sourceCurrentA = currentA;
    this.#changed();
  }

  setRelays(closed: boolean): void {
    this.settle();
    this.#relaysClosed = closed;
    this.#changed();
    this.onLoad(this.load);
  }

  setContactor(closed: boolean): void {
    this.settle();
    this.#contactorClosed = closed;
    this.#changed();
    this.onLoad(this.load);
  }

  /** Lets time pass for the battery; tells the power unit the battery's new counter voltage. */
  tick(): void {
    this.settle();
    if (this.currentA !== 0) this.onLoad(this.load);
  }

  /** What the power unit sees. */
  get load(): PlantLoad {
    if (!this.#relaysClosed) return { connected: false };
    if (!this.#contactorClosed) return { connected: true, series_resistance_Ohm: IDLE_RESISTANCE_OHM };
    return {
      connected: true,
      counter_voltage_V: this.battery.openCircuitVoltageV,
      series_resistance_Ohm: this.battery.options.internalResistanceOhm,
    };
  }

  /** Accounts for the time since the last change. */
  settle(): void {
    const nowMs = this.clock.monotonic();
    const durationMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (durationMs > 0 && this.currentA !== 0) {
      this.battery.charge(this.terminalVoltageV, this.currentA, durationMs);
    }
  }

  #changed(): void {
    this.#delivered.setPower(this.terminalVoltageV * this.currentA, this.clock.monotonic());
  }
}
