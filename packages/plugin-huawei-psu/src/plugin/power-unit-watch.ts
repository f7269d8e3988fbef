// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { PortAvailability, portRegisters, RunningMode } from '@carabiner/fusioncharge';
import type { PowerSupplyDCProvided } from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { ConnectorSettings } from '../device/dispenser-bank.js';
import type { Dispenser } from '../device/dispenser.js';
import { isUsable, NO_LIMITS, type OutputLimits } from '../device/set-point.js';
import { capabilitiesOf, limitsComplete, outputLimits } from './capabilities.js';
import { FAULTS, setFault } from './connector-faults.js';
import type { ConnectorOutput } from './connector-output.js';
import { PowerUnitErrors } from './power-unit-errors.js';

/** Values are written one by one; they are looked at when this time has passed since the first, ms. */
const COLLECT_MS = 50;

/** A connector in use, as far as the power unit's values concern it. */
export interface WatchedConnector {
  /** Local number. */
  readonly number: number;
  readonly settings: ConnectorSettings;
  readonly provided: PowerSupplyDCProvided;
  readonly output: ConnectorOutput;
}

/** Turns what the power unit writes into capabilities and errors of the connectors. */
export class PowerUnitWatch {
  readonly #errors = new PowerUnitErrors();
  readonly #published = new Map<number, OutputLimits>();
  #timer: Timer | undefined;

  /** @param updated - called after each look */
  constructor(
    private readonly clock: Clock,
    private readonly dispenser: Dispenser,
    private readonly connectors: readonly WatchedConnector[],
    private readonly updated: () => void,
  ) {}

  /** Something was written: looks at everything soon. */
  written(): void {
    this.#timer ??= this.clock.setTimeout(() => this.look(), COLLECT_MS);
  }

  /** Looks at everything now. */
  look(): void {
    this.stop();
    const { dispenser } = this;
    const ready = dispenser.state === 'READY';
    const notRunning = dispenser.runningMode !== RunningMode.RUNNING;
    for (const connector of this.connectors) {
      const { number, provided, settings, output } = connector;
      setFault(provided, FAULTS.notRunning, notRunning);
      const limits =
        dispenser.state === 'FAILED' ? NO_LIMITS : outputLimits(dispenser.bank, number, settings);
      // While the power unit has not told all of them, the last ones bound set-points.
      if (dispenser.state !== 'FAILED' && limitsComplete(dispenser.bank, number)) output.setLimits(limits);
      this.#publish(connector, limits);
      const unavailable =
        dispenser.bank.written(portRegisters.available, number) &&
        dispenser.bank.get(portRegisters.available, number) !== PortAvailability.AVAILABLE;
      setFault(provided, FAULTS.portNotAvailable, unavailable);
    }
    // The registers of a new connection are empty at first; what was known stays until the power unit speaks.
    this.#errors.update(
      dispenser.bank,
      {
        raise: (report) => this.connectors.forEach(({ provided }) => provided.errors.raise(report)),
        clear: (type, subType) =>
          this.connectors.forEach(({ provided }) => provided.errors.clear(type, subType)),
      },
      ready,
    );
    this.updated();
  }

  /** Does not look any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #publish({ number, provided, settings }: WatchedConnector, limits: OutputLimits): void {
    const before = this.#published.get(number);
    if (before !== undefined && sameLimits(before, limits)) return;
    this.#published.set(number, limits);
    provided.publish.capabilities(capabilitiesOf(limits, settings));
    setFault(provided, FAULTS.noCapabilities, !isUsable(limits));
  }
}

function sameLimits(a: OutputLimits, b: OutputLimits): boolean {
  return (
    a.maxVoltage === b.maxVoltage &&
    a.minVoltage === b.minVoltage &&
    a.maxCurrent === b.maxCurrent &&
    a.minCurrent === b.minCurrent &&
    a.maxPower === b.maxPower
  );
}
