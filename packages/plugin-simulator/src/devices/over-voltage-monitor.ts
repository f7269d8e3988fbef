// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** What the monitor reports, see interface `over_voltage_monitor`. */
export interface OverVoltageReports {
  voltage(voltageV: number): void;
  overVoltage(severity: 'Medium' | 'High', voltageV: number, limitV: number): void;
  cleared(): void;
}

const PUBLISH_PERIOD_MS = 1000;
/** A voltage above the negotiated maximum for longer is an error (IEC 61851-23:2023 6.3.1.106.3). */
const ERROR_DURATION_MS = 400;
/** A voltage above the emergency limit for longer is an emergency (IEC 61851-23:2023 6.3.1.106.2). */
const EMERGENCY_DURATION_MS = 9;

/** Over-voltage monitor of a DC output (IEC 61851-23:2023). Latches until it is reset. */
export class OverVoltageMonitor {
  #limits: { readonly emergencyV: number; readonly errorV: number } | undefined;
  #publishing: Timer | undefined;
  #timers: { error?: Timer; emergency?: Timer } = {};
  #latched = false;

  /** @param voltage - reads the output's voltage, V */
  constructor(
    private readonly clock: Clock,
    private readonly voltage: () => number,
    private readonly report: OverVoltageReports,
  ) {}

  setLimits(emergencyV: number, errorV: number): void {
    this.#limits = { emergencyV, errorV };
    this.update();
  }

  start(): void {
    this.#publishing ??= this.clock.setInterval(() => this.report.voltage(this.voltage()), PUBLISH_PERIOD_MS);
    this.update();
  }

  stop(): void {
    this.#publishing?.cancel();
    this.#publishing = undefined;
    this.#cancel();
  }

  /** Clears a latched error and stops. */
  reset(): void {
    this.stop();
    if (!this.#latched) return;
    this.#latched = false;
    this.report.cleared();
  }

  /** The voltage has changed. */
  update(): void {
    const limits = this.#limits;
    if (this.#publishing === undefined || limits === undefined || this.#latched) return;
    const voltageV = this.voltage();
    this.#watch('emergency', voltageV > limits.emergencyV, EMERGENCY_DURATION_MS, 'High', limits.emergencyV);
    this.#watch('error', voltageV > limits.errorV, ERROR_DURATION_MS, 'Medium', limits.errorV);
  }

  #watch(
    kind: 'error' | 'emergency',
    above: boolean,
    durationMs: number,
    severity: 'Medium' | 'High',
    limitV: number,
  ): void {
    if (!above) {
      this.#timers[kind]?.cancel();
      this.#timers =
        kind === 'error' ? pick(this.#timers.emergency, 'emergency') : pick(this.#timers.error, 'error');
      return;
    }
    this.#timers[kind] ??= this.clock.setTimeout(() => {
      this.#latched = true;
      this.#cancel();
      this.report.overVoltage(severity, this.voltage(), limitV);
    }, durationMs);
  }

  #cancel(): void {
    this.#timers.error?.cancel();
    this.#timers.emergency?.cancel();
    this.#timers = {};
  }
}

function pick(timer: Timer | undefined, kind: 'error' | 'emergency'): { error?: Timer; emergency?: Timer } {
  return timer === undefined ? {} : { [kind]: timer };
}
