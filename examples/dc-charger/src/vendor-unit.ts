// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { VoltlineSimulator } from 'voltline-psu-driver/simulator';
import type { Charger } from './charger.js';
import type { Composition } from './composition.js';

/** Voltage of the vehicle's battery as the simple load of that unit sees it, V. */
const BATTERY_V = 420;

/** The device behind the vendor's driver, if the composition has one; simulated like all others. */
export class VendorUnit {
  private constructor(private readonly simulator: VoltlineSimulator) {}

  /** Starts the device on a free port and tells its driver. @returns undefined when the composition has no such driver */
  static async start(composition: Composition, clock: Clock): Promise<VendorUnit | undefined> {
    const [driver] = composition.ofModule('VoltlinePsu');
    if (driver === undefined) return undefined;
    const simulator = await VoltlineSimulator.start(0, clock);
    composition.configure(driver, { port: simulator.port });
    return new VendorUnit(simulator);
  }

  /** Connects the battery to the output whenever the vehicle closes its contactor. */
  attach(charger: Charger): void {
    let connected = false;
    charger.listen((observation) => {
      if (observation.kind === 'step' && observation.name === 'current_demand_started') connected = true;
      if (observation.kind === 'step' && observation.name === 'dc_open_contactor') connected = false;
      const { current_A } = this.simulator.setPoint;
      this.simulator.load_Ohm = connected ? BATTERY_V / Math.max(1, current_A) : Number.POSITIVE_INFINITY;
    });
  }

  async stop(): Promise<void> {
    await this.simulator.stop();
  }
}
