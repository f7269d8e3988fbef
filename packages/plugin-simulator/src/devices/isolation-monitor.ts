// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** What the monitor reports, see interface `isolation_monitor`. */
export interface IsolationReports {
  measurement(resistanceOhm: number, voltageV: number): void;
  selfTestResult(passed: boolean): void;
}

/** IEC 61557-8 asks for a response within seconds; one sample a second is what devices do. */
const SAMPLE_PERIOD_MS = 1000;
/** The self test fails when the voltage on the pins differs more than this from the announced test voltage. */
const SELF_TEST_TOLERANCE = 0.2;

/** Isolation monitoring device of a DC output (IEC 61557-8). */
export class IsolationMonitor {
  #sampling: Timer | undefined;
  #selfTest: Timer | undefined;
  /** Resistance between the output and earth, Ohm. */
  resistanceOhm: number;

  /**
   * @param voltage - reads the output's voltage, V
   * @param selfTestMs - duration of the self test
   */
  constructor(
    private readonly clock: Clock,
    private readonly voltage: () => number,
    private readonly selfTestMs: number,
    resistanceOhm: number,
    private readonly report: IsolationReports,
  ) {
    this.resistanceOhm = resistanceOhm;
  }

  /** Begins to publish samples; the first comes after one period. */
  start(): void {
    this.#sampling ??= this.clock.setInterval(
      () => this.report.measurement(this.resistanceOhm, this.voltage()),
      SAMPLE_PERIOD_MS,
    );
  }

  stop(): void {
    this.#sampling?.cancel();
    this.#sampling = undefined;
    this.#selfTest?.cancel();
    this.#selfTest = undefined;
  }

  /** Checks the device with `testVoltageV` on the pins; the result is reported when the test has ended. */
  startSelfTest(testVoltageV: number): void {
    this.#selfTest?.cancel();
    this.#selfTest = this.clock.setTimeout(() => {
      this.#selfTest = undefined;
      const deviation = Math.abs(this.voltage() - testVoltageV);
      this.report.selfTestResult(testVoltageV <= 0 || deviation <= SELF_TEST_TOLERANCE * testVoltageV);
    }, this.selfTestMs);
  }
}
