// SPDX-License-Identifier: Apache-2.0
import { fileNameOf, type DriverSources } from './plugin-spec.js';

/** A `power_supply_DC` driver over a device in memory. */
export function powerSupplyTemplate(module: string, packageName: string): DriverSources {
  const file = fileNameOf(module);
  return {
    config: [
      'poll_ms:',
      '  description: Time between two measurements, ms',
      '  type: integer',
      '  minimum: 50',
      '  maximum: 1000',
      '  default: 250',
    ],
    files: {
      'src/device.ts': DEVICE,
      [`src/${file}.ts`]: driver(module),
      [`test/${file}.test.ts`]: test(module, packageName),
    },
  };
}

const DEVICE = `/** What the unit is told. */
export interface SetPoint {
  readonly on: boolean;
  readonly voltage_V: number;
  readonly current_A: number;
}

/**
 * The power unit. This one lives in memory, so that the package works from the first minute: put your protocol behind
 * these methods, and let them throw when the unit does not answer in time.
 */
export class Device {
  /** False plays a unit that does not answer. */
  reachable = true;
  setPoint: SetPoint = { on: false, voltage_V: 0, current_A: 0 };

  async apply(setPoint: SetPoint): Promise<void> {
    await this.#exchange();
    this.setPoint = setPoint;
  }

  async measure(): Promise<{ readonly voltage_V: number; readonly current_A: number }> {
    await this.#exchange();
    return { voltage_V: this.setPoint.on ? this.setPoint.voltage_V : 0, current_A: 0 };
  }

  async #exchange(): Promise<void> {
    await Promise.resolve();
    if (!this.reachable) throw new Error('the unit does not answer');
  }
}
`;

function driver(module: string): string {
  return `import { periodic } from '@carabiner/core/toolbox';
import type { Mode } from '@carabiner/interfaces/types/power_supply_DC';
import { Device, type SetPoint } from './device.js';
import { ${module}Base, type ${module}Implementations } from './generated/${module}.js';

const LOST = 'power_supply_DC/CommunicationFault';
/** Relays may open below this current. */
const SAFE_CURRENT_A = 1;
/** setMode(Off) must end, whatever the unit does. */
const SWITCH_OFF_LIMIT_MS = 3_000;

/** The power unit as a \`power_supply_DC\`. */
export class ${module} extends ${module}Base {
  readonly device = new Device();
  #wanted: SetPoint = { on: false, voltage_V: 0, current_A: 0 };

  override readonly implementations: ${module}Implementations = {
    main: {
      setMode: async ({ mode }) => {
        await this.#setMode(mode);
      },
      setExportVoltageCurrent: async ({ voltage, current }) => {
        await this.#want({ voltage_V: voltage, current_A: current });
      },
      setImportVoltageCurrent: () => {
        this.log.warn('this unit cannot take power');
      },
    },
  };

  override ready(): void {
    // Nobody is left to switch off what was switched on.
    this.provides.main.onCallerLost(async () => {
      await this.#setMode('Off');
    });
    this.provides.main.publish.capabilities({
      bidirectional: false,
      max_export_voltage_V: 1000,
      min_export_voltage_V: 150,
      max_export_current_A: 100,
      min_export_current_A: 0,
      max_export_power_W: 60_000,
      current_regulation_tolerance_A: 1,
      peak_current_ripple_A: 1,
    });
    periodic({
      clock: this.clock,
      signal: this.signal,
      periodMs: this.config.poll_ms,
      work: async () => {
        await this.#poll();
      },
      onError: (error) => {
        this.#lost(error);
      },
    });
  }

  override async shutdown(): Promise<void> {
    await this.#want({ on: false });
  }

  async #poll(): Promise<void> {
    const { errors, publish } = this.provides.main;
    const measurement = await this.device.measure();
    if (errors.isActive(LOST)) {
      // What was asked for while the unit was away counts first; only then the fault is over.
      await this.device.apply(this.#wanted);
      errors.clear(LOST);
    }
    publish.voltage_current(measurement);
  }

  async #setMode(mode: Mode): Promise<void> {
    await this.#want({ on: mode === 'Export' });
    if (!this.#wanted.on) await this.#untilCurrentIsSafe();
    this.provides.main.publish.mode(mode);
  }

  /** Remembers what is wanted and tells the unit; one that does not answer is told when it is back. */
  async #want(change: Partial<SetPoint>): Promise<void> {
    this.#wanted = { ...this.#wanted, ...change };
    try {
      await this.device.apply(this.#wanted);
    } catch (error) {
      this.#lost(error);
    }
  }

  async #untilCurrentIsSafe(): Promise<void> {
    const endMs = this.clock.monotonic() + SWITCH_OFF_LIMIT_MS;
    try {
      while ((await this.device.measure()).current_A > SAFE_CURRENT_A && this.clock.monotonic() < endMs)
        await this.clock.sleep(50);
    } catch (error) {
      this.#lost(error);
    }
  }

  #lost(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.provides.main.errors.raise({ type: LOST, message, severity: 'High' });
  }
}
`;
}

function test(module: string, packageName: string): string {
  return `import { createHarness, describeContract } from '@carabiner/testkit';
import { ${module} } from '${packageName}';

describe('${module}', () => {
  // What power_supply_DC demands of every driver. Each rule gets a fresh one.
  describeContract('power_supply_DC', async () => {
    const harness = await createHarness(${module});
    const { device } = harness.module;
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => {
        await harness.shutdown();
      },
      device: {
        setPoint: () => device.setPoint,
        loseCommunication: () => {
          device.reachable = false;
        },
        restoreCommunication: () => {
          device.reachable = true;
        },
        loseCaller: async () => {
          await harness.loseCaller();
        },
      },
    };
  });
});
`;
}
