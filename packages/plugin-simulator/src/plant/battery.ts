// SPDX-License-Identifier: Apache-2.0

/** A traction battery's fixed properties. */
export interface BatteryOptions {
  /** Energy between empty and full, Wh; more than 0. */
  readonly capacityWh: number;
  /** State of charge at the start, 0 to 100 %. */
  readonly socPercent: number;
  /** Open-circuit voltage at half charge, V. */
  readonly nominalVoltageV: number;
  /** Resistance between terminals and cells, Ohm. */
  readonly internalResistanceOhm: number;
}

/** Open-circuit voltage as a share of the nominal one, by state of charge: the shape of a lithium-ion cell. */
const OPEN_CIRCUIT_CURVE: readonly (readonly [soc: number, share: number])[] = [
  [0, 0.84],
  [0.1, 0.92],
  [0.5, 1],
  [0.9, 1.06],
  [1, 1.1],
];

const MS_PER_HOUR = 3_600_000;

/** A battery that integrates what flows into it. Currents into the battery are positive. */
export class Battery {
  #socPercent: number;
  #receivedWh = 0;

  constructor(readonly options: BatteryOptions) {
    this.#socPercent = options.socPercent;
  }

  /** State of charge, %; never outside 0 to 100. */
  get socPercent(): number {
    return this.#socPercent;
  }

  set socPercent(value: number) {
    this.#socPercent = Math.min(100, Math.max(0, value));
  }

  /** Energy that came through the terminals since the start, Wh. */
  get receivedWh(): number {
    return this.#receivedWh;
  }

  /** Voltage without current, V. */
  get openCircuitVoltageV(): number {
    const soc = this.#socPercent / 100;
    let [lowSoc, lowShare] = [0, OPEN_CIRCUIT_CURVE[0]?.[1] ?? 1];
    for (const [soc1, share1] of OPEN_CIRCUIT_CURVE) {
      if (soc <= soc1) {
        const part = soc1 === lowSoc ? 1 : (soc - lowSoc) / (soc1 - lowSoc);
        return (lowShare + part * (share1 - lowShare)) * this.options.nominalVoltageV;
      }
      [lowSoc, lowShare] = [soc1, share1];
    }
    return lowShare * this.options.nominalVoltageV;
  }

  /** Highest voltage the cells may see at the terminals: where constant-voltage charging begins, V. */
  get chargeEndVoltageV(): number {
    return 1.1 * this.options.nominalVoltageV;
  }

  /** Terminal voltage while `currentA` flows in, V. */
  terminalVoltageV(currentA: number): number {
    return this.openCircuitVoltageV + currentA * this.options.internalResistanceOhm;
  }

  /** Takes the energy of `voltageV` × `currentA` during `durationMs`. */
  charge(voltageV: number, currentA: number, durationMs: number): void {
    const energyWh = (voltageV * currentA * durationMs) / MS_PER_HOUR;
    this.#receivedWh += energyWh;
    this.socPercent += (energyWh / this.options.capacityWh) * 100;
  }
}
