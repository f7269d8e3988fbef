// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import { keepConnected } from '@carabiner/core/toolbox';
import type { PowerSupplyDCErrorType } from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { Mode } from '@carabiner/interfaces/types/power_supply_DC';
import {
  VoltlinePsuBase,
  VoltlinePsuTokens,
  type VoltlinePsuContext,
  type VoltlinePsuImplementations,
} from './generated/VoltlinePsu.js';
import { VoltlineClient } from './voltline-client.js';

const LOST = 'power_supply_DC/CommunicationFault';
/** The unit's alarms and what they are called in the interface. */
const ALARMS: Readonly<Record<string, PowerSupplyDCErrorType>> = {
  OVT: 'power_supply_DC/OverTemperature',
  OVV: 'power_supply_DC/OverVoltageDC',
  MAINS: 'power_supply_DC/UnderVoltageAC',
};
/** Relays may open below this current. */
const SAFE_CURRENT_A = 1;
const SWITCH_OFF_LIMIT_MS = 3_000;

interface SetPoint {
  readonly on: boolean;
  readonly voltage_V: number;
  readonly current_A: number;
}

/** The Voltline VL-60 as a `power_supply_DC`. */
@injectable()
export class VoltlinePsu extends VoltlinePsuBase {
  readonly #life = new AbortController();
  #unit: VoltlineClient | undefined;
  #wanted: SetPoint = { on: false, voltage_V: 0, current_A: 0 };

  constructor(@inject(VoltlinePsuTokens.context) context: VoltlinePsuContext) {
    super(context);
    context.onUnload(() => this.#life.abort());
  }

  override readonly implementations: VoltlinePsuImplementations = {
    main: {
      setMode: async ({ mode }) => {
        await this.#setMode(mode);
      },
      setExportVoltageCurrent: async ({ voltage, current }) => {
        await this.#want({ voltage_V: voltage, current_A: current });
      },
      setImportVoltageCurrent: () => {
        this.log.warn('the VL-60 cannot take power');
      },
    },
  };

  override ready(): void {
    this.provides.main.onCallerLost(async () => {
      await this.#setMode('Off');
    });
    const { host, port } = this.config;
    void keepConnected({
      clock: this.clock,
      signal: this.#life.signal,
      connect: async (signal) => await VoltlineClient.connect(host, port, this.clock, signal),
      serve: async (unit, signal) => {
        await this.#serve(unit, signal);
      },
      close: (unit) => unit.close(),
      onDown: (error) => {
        const message = error?.message ?? 'connection closed';
        this.provides.main.errors.raise({ type: LOST, message, severity: 'High' });
      },
      backOff: { firstMs: 500, longestMs: 5_000 },
    });
  }

  override async shutdown(): Promise<void> {
    await this.#want({ on: false });
    this.#life.abort();
  }

  /** One connection, from its opening until it is lost. */
  async #serve(unit: VoltlineClient, signal: AbortSignal): Promise<void> {
    const { maxVoltage_V, minVoltage_V, maxCurrent_A, maxPower_W } = await unit.identify();
    this.#unit = unit;
    try {
      // What was asked for while the unit was away counts first; only then the fault is over.
      await this.#apply(unit);
      const { publish, errors } = this.provides.main;
      publish.capabilities({
        bidirectional: false,
        max_export_voltage_V: maxVoltage_V,
        min_export_voltage_V: minVoltage_V,
        max_export_current_A: maxCurrent_A,
        min_export_current_A: 0,
        max_export_power_W: maxPower_W,
        current_regulation_tolerance_A: 0.5,
        peak_current_ripple_A: 1,
      });
      errors.clear(LOST);
      for (;;) {
        const { voltage_V, current_A, state } = await unit.measure();
        publish.voltage_current({ voltage_V, current_A });
        for (const [alarm, type] of Object.entries(ALARMS))
          if (state === alarm) errors.raise({ type, message: `alarm ${alarm}`, severity: 'High' });
          else errors.clear(type);
        await this.clock.sleep(this.config.poll_ms, signal);
      }
    } finally {
      this.#unit = undefined;
    }
  }

  async #setMode(mode: Mode): Promise<void> {
    await this.#want({ on: mode === 'Export' });
    if (!this.#wanted.on) await this.#untilCurrentIsSafe().catch(() => undefined);
    this.provides.main.publish.mode(mode);
  }

  async #want(change: Partial<SetPoint>): Promise<void> {
    this.#wanted = { ...this.#wanted, ...change };
    const unit = this.#unit;
    // A unit that is lost meanwhile is told when it is back.
    await this.#apply(unit).catch(() => unit?.close());
  }

  async #apply(unit: VoltlineClient | undefined): Promise<void> {
    const { on, voltage_V, current_A } = this.#wanted;
    await unit?.set(voltage_V, current_A);
    await unit?.switch(on);
  }

  async #untilCurrentIsSafe(): Promise<void> {
    const endMs = this.clock.monotonic() + SWITCH_OFF_LIMIT_MS;
    while (this.#unit !== undefined && this.clock.monotonic() < endMs) {
      const { current_A } = await this.#unit.measure();
      if (current_A <= SAFE_CURRENT_A) return;
      await this.clock.sleep(50);
    }
  }
}
