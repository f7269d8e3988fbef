// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Load, Output } from '@carabiner/interfaces/types/dc_power_output';
import type { ElectricalLoad } from '../device/dc-output.js';
import type { PowerUnit } from '../device/power-unit.js';

/** The longest silence of an output that does not change, ms. */
const REPEAT_AFTER_MS = 250;

/** Tells what one output delivers: when it changes, and four times a second. */
export class OutputFeed {
  #last: Output | undefined;
  #toldAtMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly unit: PowerUnit,
    private readonly connector: number,
    private readonly publish: (output: Output) => void,
  ) {}

  /** The output now. */
  get output(): Output {
    const { voltageV, currentA, enabled } = this.unit.state(this.connector);
    return { voltage_V: voltageV, current_A: currentA, enabled };
  }

  /** Connects something to the output. */
  setLoad(load: Load): void {
    this.unit.setLoad(this.connector, electricalLoad(load));
    this.tell();
  }

  /** Publishes the output if that is due. */
  tell(): void {
    const output = this.output;
    const nowMs = this.clock.monotonic();
    const last = this.#last;
    const unchanged =
      last?.voltage_V === output.voltage_V &&
      last.current_A === output.current_A &&
      last.enabled === output.enabled;
    if (unchanged && nowMs - this.#toldAtMs < REPEAT_AFTER_MS) return;
    this.#last = output;
    this.#toldAtMs = nowMs;
    this.publish(output);
  }
}

function electricalLoad({ connected, counter_voltage_V, series_resistance_Ohm }: Load): ElectricalLoad {
  return {
    connected,
    ...(counter_voltage_V === undefined ? {} : { counterVoltageV: counter_voltage_V }),
    ...(series_resistance_Ohm === undefined ? {} : { seriesResistanceOhm: series_resistance_Ohm }),
  };
}
