// SPDX-License-Identifier: Apache-2.0

const MS_PER_HOUR = 3_600_000;

/** A register that only rises: whole watt-hours exact, the rest below one as a number. */
class Register {
  #restWh = 0;

  constructor(private wholeWh: bigint) {}

  get whole(): bigint {
    return this.wholeWh;
  }

  add(energyWh: number): void {
    this.#restWh += energyWh;
    const carry = Math.floor(this.#restWh);
    this.wholeWh += BigInt(carry);
    this.#restWh -= carry;
  }
}

/** Value in watt-hours as the meter writes it: kWh with eight digits before and three after the point. */
export function formatKwh(wattHours: bigint): string {
  const digits = wattHours.toString().padStart(11, '0');
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/** State of both registers, Wh. */
export interface RegisterState {
  readonly import: bigint;
  readonly export: bigint;
}

/** Import and export registers, integrated from power that is constant between two calls. */
export class EnergyRegisters {
  readonly #import: Register;
  readonly #export: Register;

  constructor(start: RegisterState) {
    this.#import = new Register(start.import);
    this.#export = new Register(start.export);
  }

  /**
   * Adds the energy of `powerW` over `durationMs`.
   *
   * @param powerW - positive from the grid to the vehicle
   */
  integrate(powerW: number, durationMs: number): void {
    const energyWh = (Math.abs(powerW) * durationMs) / MS_PER_HOUR;
    if (energyWh > 0) (powerW > 0 ? this.#import : this.#export).add(energyWh);
  }

  /** Both registers in whole watt-hours, the meter's resolution. */
  get state(): RegisterState {
    return { import: this.#import.whole, export: this.#export.whole };
  }
}
