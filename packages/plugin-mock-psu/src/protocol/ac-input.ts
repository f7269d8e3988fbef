// SPDX-License-Identifier: Apache-2.0
import { powerUnitRegisters, type Register } from '@carabiner/fusioncharge';

const NOMINAL_VOLTAGE_V = 230;
const PHASES = 3;
/** Noise on the voltage: 0..255 tenths of a volt around the middle. */
const NOISE_STEPS = 256;
const NOISE_STEPS_PER_V = 10;
const NOISE_MIDDLE_V = 12.8;
/** What the power unit takes for itself in each round. */
const STANDBY_ENERGY_KWH = 0.00001;

/** The mains side of the power unit, and its energy meter. */
export class AcInput {
  #energyKWh = 0;

  /** @param random - as Math.random */
  constructor(private readonly random: () => number) {}

  /**
   * Values to report for the round that passed.
   *
   * @param powerW - taken on average over it
   * @param durationMs - how long it was
   */
  sample(powerW: number, durationMs: number): readonly (readonly [Register<number>, number])[] {
    this.#energyKWh += (powerW * (durationMs / 1000)) / 3600 / 1000 + STANDBY_ENERGY_KWH;
    const noise = Math.floor(this.random() * NOISE_STEPS) / NOISE_STEPS_PER_V;
    const voltage = NOMINAL_VOLTAGE_V + noise - NOISE_MIDDLE_V;
    const current = powerW / voltage / PHASES;
    const registers = powerUnitRegisters;
    return [
      [registers.totalAcInputEnergy, this.#energyKWh],
      [registers.acInputVoltageA, voltage],
      [registers.acInputVoltageB, voltage],
      [registers.acInputVoltageC, voltage],
      [registers.acInputCurrentA, current],
      [registers.acInputCurrentB, current],
      [registers.acInputCurrentC, current],
    ];
  }
}
