// SPDX-License-Identifier: Apache-2.0

/** What hangs on an output. */
export interface ElectricalLoad {
  /** False: the output is open. */
  readonly connected: boolean;
  /** V of a source (a battery) behind the resistance; without it the load is passive. */
  readonly counterVoltageV?: number;
  /** Ohm between output and source, or of the passive load. */
  readonly seriesResistanceOhm?: number;
}

/** Limits of an output port. */
export interface OutputLimits {
  readonly maxVoltageV: number;
  readonly maxCurrentA: number;
  readonly maxPowerW: number;
}

/** How fast an output moves. */
export interface OutputDynamics {
  /** Rise of the voltage, V/s. */
  readonly voltageRampVPerS: number;
  /** Rise of the current, A/s. */
  readonly currentRampAPerS: number;
  /** Fall of the voltage of an output that is switched off or turned down, V/s. */
  readonly dischargeVPerS: number;
}

/** What the dispenser wants of an output. */
export interface OutputDemand {
  readonly voltageV: number;
  readonly currentA: number;
  /** Whether energy flows: where no load was given, the current is then taken as drawn. */
  readonly charging: boolean;
}

/** The state at the terminals. */
export interface OutputState {
  readonly voltageV: number;
  /** Out of the terminals, never negative. */
  readonly currentA: number;
  /** The power stage is switched on. */
  readonly enabled: boolean;
}

/** A resistance of nothing would make currents without limit; this is a thick cable. */
const LEAST_RESISTANCE_OHM = 1e-3;

/**
 * One output port: it holds the voltage as long as the current stays below its limit, else it holds the current. Voltage
 * and current limit rise on ramps. Power flows outwards only.
 *
 * Time is told by {@link advanceTo}; between two calls nothing moves.
 */
export class DcOutput {
  #demand: OutputDemand | undefined;
  #load: ElectricalLoad | undefined;
  #limits: OutputLimits;
  #atMs: number;
  /** Voltage the regulator holds at present, on its way to the demanded one. */
  #regulatedV = 0;
  /** Current limit at present, on its way to the demanded one. */
  #currentLimitA = 0;

  constructor(
    limits: OutputLimits,
    private readonly dynamics: OutputDynamics,
    nowMs: number,
  ) {
    this.#limits = limits;
    this.#atMs = nowMs;
  }

  /** Switches on, or changes the set-point. */
  demand(demand: OutputDemand): void {
    this.#demand = demand;
  }

  /** Switches off: the current ends at once, the voltage falls. */
  switchOff(): void {
    this.#demand = undefined;
    this.#currentLimitA = 0;
  }

  /**
   * What is connected from now on. As long as nobody says so, the output is taken to be loaded as demanded while
   * charging, and open otherwise.
   */
  setLoad(load: ElectricalLoad): void {
    this.#load = load;
  }

  /** Other limits, for instance by derating; they hold at once. */
  setLimits(limits: OutputLimits): void {
    this.#limits = limits;
  }

  /** Moves the ramps to `nowMs` (monotonic, ms). */
  advanceTo(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    const { voltageRampVPerS, currentRampAPerS, dischargeVPerS } = this.dynamics;
    this.#regulatedV = approach(this.#regulatedV, this.#targetV, voltageRampVPerS, dischargeVPerS, seconds);
    this.#currentLimitA = approach(
      this.#currentLimitA,
      this.#targetA,
      currentRampAPerS,
      Number.POSITIVE_INFINITY,
      seconds,
    );
  }

  /** Whether a ramp is still under way. */
  get moving(): boolean {
    return this.#regulatedV !== this.#targetV || this.#currentLimitA !== this.#targetA;
  }

  /** Voltage and current at the time of the last {@link advanceTo}. */
  get state(): OutputState {
    const enabled = this.#demand !== undefined;
    const load = this.#load;
    if (load === undefined) return { ...this.#asDemanded(), enabled };
    if (!load.connected) return { voltageV: this.#regulatedV, currentA: 0, enabled };
    const counterV = load.counterVoltageV;
    const resistance = load.seriesResistanceOhm;
    if (counterV === undefined && resistance === undefined)
      return { voltageV: this.#regulatedV, currentA: 0, enabled };
    const ohm = Math.max(resistance ?? 0, LEAST_RESISTANCE_OHM);
    const sourceV = counterV ?? 0;
    const wantedA = (this.#regulatedV - sourceV) / ohm;
    const currentA = enabled
      ? Math.max(
          0,
          Math.min(wantedA, this.#currentLimitA, currentAtPower(this.#limits.maxPowerW, sourceV, ohm)),
        )
      : 0;
    if (currentA > 0) return { voltageV: sourceV + currentA * ohm, currentA, enabled };
    // No current flows: an output below the battery shows the battery's voltage, above it its own.
    const idleV = enabled && counterV === undefined ? 0 : this.#regulatedV;
    return { voltageV: Math.max(idleV, sourceV), currentA: 0, enabled };
  }

  #asDemanded(): { voltageV: number; currentA: number } {
    const voltageV = this.#regulatedV;
    if (this.#demand?.charging !== true) return { voltageV, currentA: 0 };
    const byPower = voltageV > 0 ? this.#limits.maxPowerW / voltageV : 0;
    return { voltageV, currentA: Math.min(this.#currentLimitA, byPower) };
  }

  get #targetV(): number {
    return Math.min(Math.max(0, this.#demand?.voltageV ?? 0), this.#limits.maxVoltageV);
  }

  get #targetA(): number {
    return Math.min(Math.max(0, this.#demand?.currentA ?? 0), this.#limits.maxCurrentA);
  }
}

function approach(from: number, to: number, upPerS: number, downPerS: number, seconds: number): number {
  if (from < to) return Math.min(to, from + upPerS * seconds);
  return seconds === 0 ? from : Math.max(to, from - downPerS * seconds);
}

/** The current that takes `powerW` out of the terminals of a source of `sourceV` behind `ohm`. */
function currentAtPower(powerW: number, sourceV: number, ohm: number): number {
  return (-sourceV + Math.sqrt(sourceV * sourceV + 4 * ohm * powerW)) / (2 * ohm);
}
