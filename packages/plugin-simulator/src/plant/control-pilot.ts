// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** Control pilot states of IEC 61851-1. */
export type PilotState = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

/** What the EVSE puts on the pilot: +12 V, PWM with a duty cycle in percent, -12 V, or 0 V. */
export type PilotOutput =
  | { readonly kind: 'X1' }
  | { readonly kind: 'PWM'; readonly dutyPercent: number }
  | { readonly kind: 'F' }
  | { readonly kind: 'E' };

/** The board needs this long to be sure of a new level. */
const DEBOUNCE_MS = 20;

/**
 * The control pilot circuit: the vehicle's resistor at one end, the EVSE's oscillator at the other.
 *
 * While the port is disabled, outputs are remembered and applied when it is enabled again.
 */
export class ControlPilot {
  #vehicle: PilotState = 'A';
  #output: PilotOutput = { kind: 'X1' };
  #enabled = false;
  #reported: PilotState | undefined;
  #debounce: Timer | undefined;

  /**
   * @param onState - told of each new debounced state while enabled
   * @param onOutput - told when the vehicle sees another output
   */
  constructor(
    private readonly clock: Clock,
    private readonly onState: (state: PilotState) => void,
    private readonly onOutput: (output: PilotOutput) => void,
  ) {}

  /** State that the EVSE measures. */
  get state(): PilotState {
    if (this.#output.kind === 'F' || this.#output.kind === 'E') return this.#output.kind;
    return this.#vehicle;
  }

  /** State the vehicle has switched its resistors to. */
  get vehicleState(): PilotState {
    return this.#vehicle;
  }

  /** Output as the vehicle sees it; -12 V while the port is disabled. */
  get output(): PilotOutput {
    return this.#enabled ? this.#output : { kind: 'F' };
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Enables or disables the port; an enabled port reports its state even when that is unchanged. */
  enable(enabled: boolean): void {
    const changed = enabled !== this.#enabled;
    this.#enabled = enabled;
    // Whoever enables a port that is enabled has missed something.
    this.#reported = undefined;
    if (!changed) {
      this.#measure();
      return;
    }
    this.onOutput(this.output);
    this.#measure();
  }

  setOutput(output: PilotOutput): void {
    this.#output = output;
    if (!this.#enabled) return;
    this.onOutput(output);
    this.#measure();
  }

  setVehicle(state: PilotState): void {
    this.#vehicle = state;
    this.#measure();
  }

  #measure(): void {
    this.#debounce?.cancel();
    if (!this.#enabled || this.state === this.#reported) return;
    this.#debounce = this.clock.setTimeout(() => {
      if (!this.#enabled || this.state === this.#reported) return;
      this.#reported = this.state;
      this.onState(this.state);
    }, DEBOUNCE_MS);
  }
}

/** Current that a PWM duty cycle allows in A (IEC 61851-1 table A.8); 0 where charging is not allowed, and for 5 %. */
export function currentOfDutyCycle(dutyPercent: number): number {
  if (dutyPercent < 8) return 0;
  if (dutyPercent <= 10) return 6;
  if (dutyPercent <= 85) return dutyPercent * 0.6;
  if (dutyPercent <= 96) return (dutyPercent - 64) * 2.5;
  return dutyPercent <= 97 ? 80 : 0;
}
