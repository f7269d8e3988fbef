// SPDX-License-Identifier: Apache-2.0
import { Module } from '@carabiner/core';
import {
  PowerSupplyDCInterface,
  type PowerSupplyDCProvided,
  type PowerSupplyDCProvider,
} from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { Capabilities, Mode } from '@carabiner/interfaces/types/power_supply_DC';
import { createHarness, type ContractFactory } from '@carabiner/testkit';
import { descriptorOf } from './one-interface-descriptor.js';

/** Ways of being wrong, each against one rule or a few. */
export type PsuDefect =
  | 'silent capabilities'
  | 'odd capabilities'
  | 'slow values'
  | 'values only when on'
  | 'no mode'
  | 'lazy set point'
  | 'endless off'
  | 'off in name only'
  | 'off under load'
  | 'fault unnoticed'
  | 'fault for ever'
  | 'waits for the lost unit'
  | 'forgets the set point'
  | 'clears too early'
  | 'refuses while lost'
  | 'stays on at shutdown'
  | 'stays on without a caller';

const COMMS = 'power_supply_DC/CommunicationFault';
const WIRE_MS = 5;
const RAMP_MS = 300;

/** A power unit at the end of a wire. */
class Unit {
  connected = true;
  point = { on: false, voltage_V: 0, current_A: 0 };
  load_Ohm = Infinity;
  current_A = 0;

  output(): { voltage_V: number; current_A: number } {
    return { voltage_V: this.point.on ? this.point.voltage_V : 0, current_A: this.current_A };
  }
}

function psuClass(unit: Unit, defect: PsuDefect | undefined) {
  return class ReferencePsu extends Module<
    object,
    object,
    { readonly main: PowerSupplyDCProvided },
    object,
    { readonly main: PowerSupplyDCProvider }
  > {
    static readonly descriptor = descriptorOf('ReferencePsu', PowerSupplyDCInterface);
    #mode: Mode = 'Off';
    #voltage_V = 0;
    #current_A = 0;

    override readonly implementations = {
      main: {
        setMode: async ({ mode }: { mode: Mode }) => {
          if (defect !== 'forgets the set point' || unit.connected) this.#mode = mode;
          if (mode === 'Off' && defect === 'endless off') await new Promise(() => undefined);
          await this.#apply();
          if (mode === 'Off' && unit.connected && defect !== 'off under load')
            await this.clock.sleep(RAMP_MS);
          if (defect !== 'no mode') this.provides.main.publish.mode(mode);
        },
        setExportVoltageCurrent: async ({ voltage, current }: { voltage: number; current: number }) => {
          if (defect === 'refuses while lost' && !unit.connected) throw new Error('unit lost');
          this.#voltage_V = voltage;
          this.#current_A = current;
          await this.#apply();
        },
        setImportVoltageCurrent: () => undefined,
      },
    };

    override ready(): void {
      const { publish, errors } = this.provides.main;
      if (defect !== 'silent capabilities') publish.capabilities(capabilities(defect));
      if (defect !== 'stays on without a caller')
        this.provides.main.onCallerLost(async () => {
          this.#mode = 'Off';
          await this.#apply();
          publish.mode('Off');
        });
      const pollMs = defect === 'slow values' ? 1_500 : 250;
      this.clock.setInterval(() => {
        if (!unit.connected) {
          if (defect !== 'fault unnoticed') errors.raise({ type: COMMS, message: 'no answer' });
          return;
        }
        if (errors.isActive(COMMS) && defect !== 'fault for ever') void this.#recover();
        this.#ramp();
        if (defect === 'values only when on' && !unit.point.on) return;
        publish.voltage_current(unit.output());
      }, pollMs);
    }

    override async shutdown(): Promise<void> {
      this.#mode = 'Off';
      if (defect !== 'stays on at shutdown') await this.#apply();
    }

    async #recover(): Promise<void> {
      if (defect === 'clears too early') this.provides.main.errors.clear(COMMS);
      await this.#apply();
      this.provides.main.errors.clear(COMMS);
    }

    async #apply(): Promise<void> {
      if (defect === 'waits for the lost unit') while (!unit.connected) await this.clock.sleep(100);
      await this.clock.sleep(defect === 'lazy set point' ? 3_000 : WIRE_MS);
      if (!unit.connected) return;
      const off = this.#mode === 'Off';
      unit.point = {
        on: off ? defect === 'off in name only' && unit.point.on : true,
        voltage_V: this.#voltage_V,
        current_A: this.#current_A,
      };
      this.clock.setTimeout(() => this.#ramp(), RAMP_MS / 2);
    }

    #ramp(): void {
      unit.current_A = unit.point.on
        ? Math.min(unit.point.current_A, unit.point.voltage_V / unit.load_Ohm)
        : 0;
    }
  };
}

function capabilities(defect: PsuDefect | undefined): Capabilities {
  return {
    bidirectional: false,
    max_export_voltage_V: 1_000,
    min_export_voltage_V: defect === 'odd capabilities' ? 1_200 : 150,
    max_export_current_A: 100,
    min_export_current_A: 1,
    max_export_power_W: 60_000,
    current_regulation_tolerance_A: 1,
    peak_current_ripple_A: 1,
  };
}

export function referencePsu(defect?: PsuDefect): ContractFactory<'power_supply_DC'> {
  return async () => {
    const unit = new Unit();
    const harness = await createHarness(psuClass(unit, defect), { stepTimeoutMs: 5_000 });
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => await harness.shutdown(),
      device: {
        setPoint: () => unit.point,
        output: () => unit.output(),
        connectLoad: (load_Ohm) => void (unit.load_Ohm = load_Ohm),
        loseCommunication: () => void (unit.connected = false),
        restoreCommunication: () => void (unit.connected = true),
        loseCaller: async () => await harness.loseCaller(),
      },
    };
  };
}
