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
/** A new connection has told all errors after this time: power units write them in rounds of some seconds, ms. */
const ERRORS_TOLD_MS = 10_000;
/** Capabilities are said again after this time, for an EVSE manager that was started again meanwhile, ms. */
const AGAIN_MS = 10_000;

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
  readonly #published = new Map<number, { readonly limits: OutputLimits; readonly atMs: number }>();
  #timer: Timer | undefined;
  /** Looks once more when all errors have been told. */
  #told: Timer | undefined;
  #readyMs: number | undefined;

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
    // The registers of a new connection are empty at first; what was known stays until the power unit has spoken.
    this.#errors.update(
      dispenser.bank,
      {
        raise: (report) => this.connectors.forEach(({ provided }) => provided.errors.raise(report)),
        clear: (type, subType) =>
          this.connectors.forEach(({ provided }) => provided.errors.clear(type, subType)),
      },
      this.#allErrorsTold(ready),
    );
    this.updated();
  }

  /** Does not look any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#told?.cancel();
    this.#told = undefined;
  }

  #allErrorsTold(ready: boolean): boolean {
    if (!ready) {
      this.#readyMs = undefined;
      return false;
    }
    const nowMs = this.clock.monotonic();
    this.#readyMs ??= nowMs;
    const leftMs = this.#readyMs + ERRORS_TOLD_MS - nowMs;
    if (leftMs <= 0) return true;
    this.#told = this.clock.setTimeout(() => this.look(), leftMs);
    return false;
  }

  #publish({ number, provided, settings }: WatchedConnector, limits: OutputLimits): void {
    const before = this.#published.get(number);
    const atMs = this.clock.monotonic();
    if (before !== undefined && sameLimits(before.limits, limits) && atMs - before.atMs < AGAIN_MS) return;
    this.#published.set(number, { limits, atMs });
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
