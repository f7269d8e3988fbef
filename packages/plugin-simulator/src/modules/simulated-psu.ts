// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import type { Mode } from '@carabiner/interfaces/types/power_supply_DC';
import {
  SimulatedPsuBase,
  SimulatedPsuTokens,
  type SimulatedPsuContext,
  type SimulatedPsuImplementations,
} from '../generated/SimulatedPsu.js';
import { EnergyCounter } from '../plant/energy-counter.js';
import { CcCvSource } from '../plant/cc-cv-source.js';

const PERIOD_MS = 250;

/** A plain DC power supply without hardware. */
@injectable()
export class SimulatedPsu extends SimulatedPsuBase {
  readonly #source: CcCvSource;
  readonly #exported: EnergyCounter;
  #transactionId: string | undefined;

  constructor(@inject(SimulatedPsuTokens.context) context: SimulatedPsuContext) {
    super(context);
    this.#source = new CcCvSource({
      maximumVoltageV: this.config.max_voltage_V,
      maximumCurrentA: this.config.max_current_A,
      maximumPowerW: this.config.max_power_W,
      rampVPerS: this.config.ramp_V_per_s,
    });
    this.#exported = new EnergyCounter(this.clock.monotonic());
  }

  override readonly implementations: SimulatedPsuImplementations = {
    main: {
      setMode: ({ mode }) => this.#setMode(mode),
      setExportVoltageCurrent: ({ voltage, current }) => {
        this.#source.setPoint = { voltageV: voltage, currentA: current };
        this.#step();
      },
      setImportVoltageCurrent: () => {
        this.log.warn('import is not simulated; the set point is ignored');
      },
    },
    output: {
      set_load: ({ load }) => {
        this.#source.load = load;
        this.#step();
      },
      get_output: () => this.#output,
    },
    powermeter: {
      start_transaction: ({ value }) => {
        this.#transactionId = value.transaction_id;
        return { status: 'OK' };
      },
      stop_transaction: ({ transaction_id }) => {
        if (transaction_id !== '' && transaction_id !== this.#transactionId) {
          return { status: 'UNEXPECTED_ERROR', error: `no transaction '${transaction_id}' is running` };
        }
        this.#transactionId = undefined;
        return { status: 'OK' };
      },
    },
  };

  override ready(): void {
    const { bidirectional, max_voltage_V, min_voltage_V, max_current_A, max_power_W } = this.config;
    this.provides.main.publish.capabilities({
      bidirectional,
      max_export_voltage_V: max_voltage_V,
      min_export_voltage_V: min_voltage_V,
      max_export_current_A: max_current_A,
      min_export_current_A: 0,
      max_export_power_W: max_power_W,
      current_regulation_tolerance_A: 1,
      peak_current_ripple_A: 2,
    });
    this.provides.main.publish.mode('Off');
    this.provides.main.onCallerLost(() => this.#setMode('Off'));
    const timer = this.clock.setInterval(() => this.#step(), PERIOD_MS);
    this.context.onUnload(() => timer.cancel());
    this.#step();
  }

  #setMode(mode: Mode): void {
    this.#source.enabled = mode === 'Export';
    this.provides.main.publish.mode(mode);
    this.#step();
  }

  get #output(): { voltage_V: number; current_A: number; enabled: boolean } {
    return {
      voltage_V: this.#source.voltageV,
      current_A: this.#source.currentA,
      enabled: this.#source.enabled,
    };
  }

  #step(): void {
    const nowMs = this.clock.monotonic();
    this.#source.advanceTo(nowMs);
    const output = this.#output;
    this.#exported.setPower(output.voltage_V * output.current_A, nowMs);
    this.provides.output.publish.output(output);
    this.provides.main.publish.voltage_current({ voltage_V: output.voltage_V, current_A: output.current_A });
    this.provides.powermeter.publish.powermeter({
      timestamp: new Date(this.clock.now()).toISOString(),
      energy_Wh_import: { total: this.#exported.energyWh(nowMs) },
      power_W: { total: output.voltage_V * output.current_A },
      voltage_V: { DC: output.voltage_V },
      current_A: { DC: output.current_A },
    });
  }
}
