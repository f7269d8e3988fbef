// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { RunningMode } from '@carabiner/fusioncharge';
import { RequirementType, type PowerRequest, type StopRequest } from '@carabiner/goose/fusioncharge';
import type { FaultSet } from '../faults/fault-set.js';
import { DcOutput, type ElectricalLoad, type OutputDynamics, type OutputState } from './dc-output.js';

/** Ratings of an output port, as the power unit reports them. */
export interface PortRatings {
  readonly maxVoltageV: number;
  readonly minVoltageV: number;
  readonly maxCurrentA: number;
  readonly minCurrentA: number;
  readonly maxPowerW: number;
}

/** Ratings of each port unless told otherwise. */
export const DEFAULT_RATINGS: PortRatings = {
  maxVoltageV: 1000,
  minVoltageV: 100,
  maxCurrentA: 100,
  minCurrentA: 1,
  maxPowerW: 60_000,
};

/** Speed of each output unless told otherwise. */
export const DEFAULT_DYNAMICS: OutputDynamics = {
  voltageRampVPerS: 2000,
  currentRampAPerS: 500,
  dischargeVPerS: 2000,
};

/** The device behind the protocol: an output for each connector, by its global number. Knows no bytes. */
export class PowerUnit {
  readonly #outputs = new Map<number, DcOutput>();

  constructor(
    private readonly clock: Clock,
    private readonly faults: FaultSet,
    private readonly ratings: PortRatings = DEFAULT_RATINGS,
    private readonly dynamics: OutputDynamics = DEFAULT_DYNAMICS,
  ) {}

  /** The running mode to report, one of {@link RunningMode}. */
  get runningMode(): number {
    const target = this.faults.find('running_mode')?.target;
    return Object.entries(RunningMode).find(([name]) => name === target)?.[1] ?? RunningMode.RUNNING;
  }

  /** Whether the port can be used. */
  isAvailable(connector: number): boolean {
    return this.faults.find('port_unavailable', connector) === undefined;
  }

  /** What the port can do at present. */
  capabilities(connector: number): PortRatings {
    const factor = this.faults.find('capabilities_derate', connector)?.value ?? 1;
    const { ratings } = this;
    return { ...ratings, maxCurrentA: ratings.maxCurrentA * factor, maxPowerW: ratings.maxPowerW * factor };
  }

  /** Does what a dispenser asks for. */
  apply(message: PowerRequest | StopRequest): void {
    const output = this.#output(message.connector);
    if (message.kind === 'stop' || !this.#canDeliver(message.connector)) {
      output.switchOff();
      return;
    }
    switch (message.requirement) {
      case RequirementType.InsulationDetectionOutput:
      case RequirementType.Precharge:
      case RequirementType.Charging:
        output.demand({
          voltageV: message.voltage,
          currentA: message.current,
          charging: message.requirement === RequirementType.Charging,
        });
        break;
      default:
        output.switchOff();
    }
  }

  /** Switches an output off: its dispenser is no longer heard. */
  release(connector: number): void {
    this.#output(connector).switchOff();
  }

  /** Switches off what may not deliver any longer, after a change of the faults. */
  applyFaults(): void {
    for (const [connector, output] of this.#outputs) {
      output.advanceTo(this.clock.monotonic());
      output.setLimits(this.capabilities(connector));
      if (!this.#canDeliver(connector)) output.switchOff();
    }
  }

  /** What is connected to an output from now on. */
  setLoad(connector: number, load: ElectricalLoad): void {
    this.#output(connector).setLoad(load);
  }

  /** Voltage and current of an output now. */
  state(connector: number): OutputState {
    return this.#output(connector).state;
  }

  /** Whether an output is on a ramp. */
  isMoving(connector: number): boolean {
    return this.#output(connector).moving;
  }

  /** Power out of an output now, W. */
  powerW(connector: number): number {
    const { voltageV, currentA } = this.state(connector);
    return voltageV * currentA;
  }

  #canDeliver(connector: number): boolean {
    return this.runningMode === RunningMode.RUNNING && this.isAvailable(connector);
  }

  /** The output, with its ramps moved to now. */
  #output(connector: number): DcOutput {
    const nowMs = this.clock.monotonic();
    let output = this.#outputs.get(connector);
    if (output === undefined) {
      output = new DcOutput(this.capabilities(connector), this.dynamics, nowMs);
      this.#outputs.set(connector, output);
    }
    output.advanceTo(nowMs);
    return output;
  }
}
