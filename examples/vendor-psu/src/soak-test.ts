// SPDX-License-Identifier: Apache-2.0
import { SoakTestBase, type SoakTestImplementations } from './generated/SoakTest.js';

const STEPS = [
  { voltage: 200, current: 10 },
  { voltage: 400, current: 50 },
  { voltage: 800, current: 20 },
] as const;

/** Runs the power supply that it is connected to through a few set points, again and again. */
export class SoakTest extends SoakTestBase {
  override readonly implementations: SoakTestImplementations = {};

  override init(): void {
    const { psu } = this.requires;
    psu.errors.subscribe('*', {
      raised: ({ type, message }) => this.log.warn('power supply error', { type, message }),
      cleared: ({ type }) => this.log.info('power supply error is over', { type }),
    });
  }

  override ready(): void {
    void this.#run();
  }

  override async shutdown(): Promise<void> {
    await this.requires.psu.call.setMode({ mode: 'Off', phase: 'Other' });
  }

  async #run(): Promise<void> {
    const { psu } = this.requires;
    while (!this.signal.aborted) {
      for (const step of STEPS) {
        await psu.call.setExportVoltageCurrent(step);
        await psu.call.setMode({ mode: 'Export', phase: 'Charging' });
        await this.clock.sleep(this.config.step_ms, this.signal);
        this.log.info('soak step', { ...step, ...psu.latest.voltage_current });
      }
    }
  }
}
