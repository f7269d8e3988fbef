// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';
import type {
  PowerSupplyDCProvided,
  PowerSupplyDCProvider,
} from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { ChargingPhase, Mode } from '@carabiner/interfaces/types/power_supply_DC';
import type { Connector } from '../device/connector.js';
import { NO_LIMITS, NO_POWER, withinLimits, type OutputLimits, type SetPoint } from '../device/set-point.js';
import { adjustedPhase, connectorPhaseOf, type ModeAndPhase } from './mode-mapping.js';
import type { ToPowerUnitTopic } from './telemetry-topics.js';

/** After a cable check modules stay reserved for so long; a vehicle may take up to a minute to go on. */
const RESERVED_AFTER_CABLE_CHECK_MS = 60_000;

/** The same when the charger broke the cable check off, which it says by another phase. */
const RESERVED_AFTER_ABORT_MS = 5_000;

/** Settings of an output. */
export interface ConnectorOutputOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly connector: Connector;
  readonly provided: PowerSupplyDCProvided;
  readonly telemetry: ToPowerUnitTopic;
  /** A */
  readonly offCurrent: number;
  readonly offTimeoutMs: number;
  /** There is a meter, so switching off can wait for the current to fall. */
  readonly metered: boolean;
  /** Switching off need not be waited for: the power unit cannot be reached. */
  readonly reachable: () => boolean;
}

/** A connector in use, as the interface sees it. */
export class ConnectorOutput implements PowerSupplyDCProvider {
  readonly #options: ConnectorOutputOptions;
  #last: ModeAndPhase = { mode: 'Off', phase: 'Other' };
  #wanted: SetPoint = NO_POWER;
  #limits: OutputLimits = NO_LIMITS;
  #reservation: Timer | undefined;
  /** Last measured current, A. */
  #current = Number.POSITIVE_INFINITY;
  readonly #currentWaiters = new Set<() => void>();

  constructor(options: ConnectorOutputOptions) {
    this.#options = options;
  }

  /** Mode and (adjusted) phase of the last `setMode`. */
  get last(): ModeAndPhase {
    return this.#last;
  }

  async setMode({ mode, phase }: { mode: Mode; phase: ChargingPhase }): Promise<void> {
    const { connector, provided, telemetry, log } = this.#options;
    const former = this.#last;
    const adjusted = adjustedPhase(former, { mode, phase });
    this.#last = { mode, phase: adjusted };
    this.#reservation?.cancel();
    const connectorPhase = this.#phaseNow();
    if (connectorPhase === undefined) log.warn('mode has no meaning for this power unit', { mode, phase });
    else connector.setPhase(connectorPhase);
    if (connectorPhase === 'OffCableCheck')
      this.#reserve(phase === 'CableCheck' ? RESERVED_AFTER_CABLE_CHECK_MS : RESERVED_AFTER_ABORT_MS);
    provided.publish.mode(mode);
    telemetry.set({ everest_mode: mode, everest_phase: adjusted });
    if (mode === 'Off' && former.mode === 'Export') await this.#currentIsLow();
  }

  setExportVoltageCurrent(wanted: SetPoint): void {
    this.#wanted = { voltage: wanted.voltage, current: wanted.current };
    this.#apply();
  }

  setImportVoltageCurrent(): void {
    this.#options.log.error('this power unit cannot draw power; setImportVoltageCurrent has no effect');
  }

  /** What the output can do has changed: the last set-point is applied again if it has to change with it. */
  setLimits(limits: OutputLimits): void {
    this.#limits = limits;
    const { voltage, current } = withinLimits(this.#wanted, limits);
    const { setPoint } = this.#options.connector;
    if (this.#wanted !== NO_POWER && (voltage !== setPoint.voltage || current !== setPoint.current))
      this.#apply();
  }

  /** The car was unplugged, or plugged in. What a session asked for ends with it. */
  plug(present: boolean): void {
    this.#options.connector.plug(present);
    if (present) return;
    this.#reservation?.cancel();
    this.#wanted = NO_POWER;
    if (this.#last.mode === 'Off') return;
    this.#last = { mode: 'Off', phase: 'Other' };
    this.#options.provided.publish.mode('Off');
    this.#options.telemetry.set({ everest_mode: 'Off', everest_phase: 'Other' });
  }

  /** The vehicle does not want power any more: modules kept after a cable check are given back. */
  vehicleStopped(): void {
    if (this.#options.connector.situation.phase === 'OffCableCheck') this.#release();
  }

  /** A current was measured, A. */
  measured(current: number): void {
    this.#current = current;
    if (Math.abs(current) > this.#options.offCurrent) return;
    for (const done of [...this.#currentWaiters]) done();
  }

  /** What a measurement would show without a meter: the set-point, or nothing while switched off. */
  get presumed(): SetPoint {
    return this.#last.mode === 'Off' ? NO_POWER : this.#options.connector.setPoint;
  }

  /** Ends every wait. */
  close(): void {
    this.#reservation?.cancel();
    for (const done of [...this.#currentWaiters]) done();
  }

  /** Without a car there is nothing to reserve modules for, however the last cable check ended. */
  #phaseNow(): ReturnType<typeof connectorPhaseOf> {
    const phase = connectorPhaseOf(this.#last);
    return phase === 'OffCableCheck' && !this.#options.connector.carPresent ? 'Off' : phase;
  }

  #apply(): void {
    const setPoint = withinLimits(this.#wanted, this.#limits);
    this.#options.connector.setSetPoint(setPoint);
    this.#options.telemetry.set({ export_voltage: setPoint.voltage, export_current: setPoint.current });
  }

  #reserve(delayMs: number): void {
    this.#reservation = this.#options.clock.setTimeout(() => this.#release(), delayMs);
  }

  #release(): void {
    this.#reservation?.cancel();
    this.#options.connector.setPhase('Off');
  }

  /** Waits until the contactor may open; not without a meter, and never for long. */
  async #currentIsLow(): Promise<void> {
    const { clock, offCurrent, offTimeoutMs, metered, reachable, log } = this.#options;
    if (!metered || !reachable() || Math.abs(this.#current) <= offCurrent) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#currentWaiters.delete(done);
        resolve();
      };
      const timer = clock.setTimeout(() => {
        log.warn('the current has not fallen in time after switching off', {
          current_A: this.#current,
          offTimeoutMs,
        });
        done();
      }, offTimeoutMs);
      this.#currentWaiters.add(done);
    });
  }
}

/** A provided connector without a board support: its commands are refused, and nothing else depends on it. */
export function unusedOutput(name: string): PowerSupplyDCProvider {
  const refuse = (): never => {
    throw new Error(`${name} is not in use: board_support has no connection for it`);
  };
  return { setMode: refuse, setExportVoltageCurrent: refuse, setImportVoltageCurrent: refuse };
}
