// SPDX-License-Identifier: Apache-2.0
import { fileNameOf, type DriverSources } from './plugin-spec.js';

/** An `isolation_monitor` driver over a device in memory. */
export function isolationMonitorTemplate(module: string, packageName: string): DriverSources {
  const file = fileNameOf(module);
  return {
    config: [
      'poll_ms:',
      '  description: Time between two measurements, ms',
      '  type: integer',
      '  minimum: 100',
      '  maximum: 5000',
      '  default: 1000',
    ],
    files: {
      'src/device.ts': DEVICE,
      [`src/${file}.ts`]: driver(module),
      [`test/${file}.test.ts`]: test(module, packageName),
    },
  };
}

const DEVICE = `/**
 * The isolation monitor. This one lives in memory, so that the package works from the first minute: put your protocol
 * behind these methods, and let them throw when the device does not answer in time.
 */
export class Device {
  /** False plays a device that does not answer. */
  reachable = true;
  resistance_Ohm = 1_000_000;
  healthy = true;

  async measure(): Promise<number> {
    await this.#exchange();
    return this.resistance_Ohm;
  }

  /** Result of the device's self test. */
  async selfTest(): Promise<boolean> {
    await this.#exchange();
    return this.healthy;
  }

  async #exchange(): Promise<void> {
    await Promise.resolve();
    if (!this.reachable) throw new Error('the device does not answer');
  }
}
`;

function driver(module: string): string {
  return `import type { Subscription } from '@carabiner/core';
import { periodic } from '@carabiner/core/toolbox';
import { Device } from './device.js';
import { ${module}Base, type ${module}Implementations } from './generated/${module}.js';

const LOST = 'isolation_monitor/CommunicationFault';

/** The device as an \`isolation_monitor\`. */
export class ${module} extends ${module}Base {
  readonly device = new Device();
  #measuring: Subscription | undefined;

  override readonly implementations: ${module}Implementations = {
    main: {
      start: () => {
        this.#measuring?.unsubscribe();
        this.#measuring = this.#measure();
      },
      stop: () => {
        this.#measuring?.unsubscribe();
        this.#measuring = undefined;
      },
      // Answers at once; the result comes as a variable.
      start_self_test: () => {
        void this.#selfTest();
      },
    },
  };

  #measure(): Subscription {
    const { errors, publish } = this.provides.main;
    return periodic({
      clock: this.clock,
      signal: this.signal,
      periodMs: this.config.poll_ms,
      work: async () => {
        const resistance_F_Ohm = await this.device.measure();
        errors.clear(LOST);
        publish.isolation_measurement({ resistance_F_Ohm });
      },
      onError: ({ message }) => {
        errors.raise({ type: LOST, message, severity: 'High' });
      },
    });
  }

  async #selfTest(): Promise<void> {
    const passed = await this.device.selfTest().catch(() => false);
    this.provides.main.publish.self_test_result(passed);
  }
}
`;
}

function test(module: string, packageName: string): string {
  return `import { createHarness, describeContract } from '@carabiner/testkit';
import { ${module} } from '${packageName}';

describe('${module}', () => {
  // What isolation_monitor demands of every driver. Each rule gets a fresh one.
  describeContract('isolation_monitor', async () => {
    const harness = await createHarness(${module});
    const { device } = harness.module;
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => {
        await harness.shutdown();
      },
      device: {
        setResistance: (resistance_Ohm) => {
          device.resistance_Ohm = resistance_Ohm;
        },
        failSelfTest: () => {
          device.healthy = false;
        },
        loseCommunication: () => {
          device.reachable = false;
        },
        restoreCommunication: () => {
          device.reachable = true;
        },
      },
    };
  });
});
`;
}
