// SPDX-License-Identifier: Apache-2.0
import type { Capabilities, ChargingPhase, Mode } from '../interface-types.js';
import type { SetPoint } from './set-point.js';

/** Commands of the power supply. */
export interface SupplyCommands {
  setMode(mode: Mode, phase: ChargingPhase): void;
  setExport(voltage: number, current: number): void;
  setImport(voltage: number, current: number): void;
  /** A set point that the power supply cannot deliver; nothing was sent. */
  refused(setPoint: SetPoint, lowestV: number, highestV: number): void;
}

/** Power supply of a charger that was told nothing yet: it can do nothing. */
export const NO_CAPABILITIES: Capabilities = {
  bidirectional: false,
  current_regulation_tolerance_A: 0.5,
  peak_current_ripple_A: 0.5,
  max_export_voltage_V: 60,
  min_export_voltage_V: 0,
  max_export_current_A: 0,
  min_export_current_A: 0,
  max_export_power_W: 0,
};

type Direction = 'Export' | 'Import';

/**
 * What was asked of the power supply. Sends a command only when it changes something: mode, phase, direction or pair.
 * The pair is forgotten when the power supply is switched off, because drivers forget theirs then.
 */
export class PowerSupply {
  #on = false;
  #direction: Direction = 'Export';
  #phase: ChargingPhase = 'Other';
  #sent: { phase: ChargingPhase; direction: Direction } | undefined;
  #pair: (SetPoint & { direction: Direction }) | undefined;

  constructor(private readonly commands: SupplyCommands) {}

  get isOn(): boolean {
    return this.#on;
  }

  get phase(): ChargingPhase {
    return this.#phase;
  }

  /** The current that was asked for last, 0 when off. */
  get currentA(): number {
    return this.#pair?.current ?? 0;
  }

  /** Enters a phase; a running power supply is told at once. */
  enterPhase(phase: ChargingPhase): void {
    this.#phase = phase;
    if (this.#on) this.#sendMode();
  }

  /** The phase is over although the power supply still runs; it learns of it when it is switched off. */
  leavePhase(): void {
    this.#phase = 'Other';
  }

  /**
   * Asks for a voltage and a current.
   *
   * @returns false when the voltage is outside what the power supply can do; nothing was sent then
   */
  apply(wanted: SetPoint, capabilities: Capabilities, direction: Direction = 'Export'): boolean {
    const bounds = boundsOf(capabilities, direction);
    if (wanted.voltage < bounds.lowestV || wanted.voltage > bounds.highestV) {
      this.commands.refused(wanted, bounds.lowestV, bounds.highestV);
      return false;
    }
    const current = Math.max(bounds.lowestA, Math.min(bounds.highestA, wanted.current));
    this.#direction = direction;
    if (this.#on) this.#sendMode();
    const pair = { voltage: wanted.voltage, current, direction };
    const last = this.#pair;
    if (last?.voltage === pair.voltage && last.current === pair.current && last.direction === direction)
      return true;
    this.#pair = pair;
    if (direction === 'Export') this.commands.setExport(pair.voltage, pair.current);
    else this.commands.setImport(pair.voltage, pair.current);
    return true;
  }

  switchOn(): void {
    this.#on = true;
    this.#sendMode();
  }

  /** Switches off if it is on. The phase is `Other` afterwards. */
  switchOff(): void {
    if (this.#on) this.commands.setMode('Off', this.#phase);
    this.#on = false;
    this.#sent = undefined;
    this.#pair = undefined;
    this.#direction = 'Export';
    this.#phase = 'Other';
  }

  #sendMode(): void {
    if (this.#sent?.phase === this.#phase && this.#sent.direction === this.#direction) return;
    this.#sent = { phase: this.#phase, direction: this.#direction };
    this.commands.setMode(this.#direction, this.#phase);
  }
}

function boundsOf(
  c: Capabilities,
  direction: Direction,
): { lowestV: number; highestV: number; lowestA: number; highestA: number } {
  if (direction === 'Export') {
    return {
      lowestV: c.min_export_voltage_V,
      highestV: c.max_export_voltage_V,
      lowestA: c.min_export_current_A,
      highestA: c.max_export_current_A,
    };
  }
  return {
    lowestV: c.min_import_voltage_V ?? Number.POSITIVE_INFINITY,
    highestV: c.max_import_voltage_V ?? 0,
    lowestA: c.min_import_current_A ?? 0,
    highestA: c.max_import_current_A ?? 0,
  };
}
