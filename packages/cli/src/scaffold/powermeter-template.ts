// SPDX-License-Identifier: Apache-2.0
import { fileNameOf, type DriverSources } from './plugin-spec.js';

/** A `powermeter` driver over a device in memory; it signs nothing. */
export function powermeterTemplate(module: string, packageName: string): DriverSources {
  const file = fileNameOf(module);
  return {
    config: [
      'poll_ms:',
      '  description: Time between two measurements, ms',
      '  type: integer',
      '  minimum: 100',
      '  maximum: 2000',
      '  default: 1000',
    ],
    files: {
      'src/device.ts': DEVICE,
      [`src/${file}.ts`]: driver(module),
      [`test/${file}.test.ts`]: test(module, packageName),
    },
  };
}

const DEVICE = `/** What the meter reads. */
export interface Reading {
  readonly energy_Wh: number;
  readonly power_W: number;
}

/**
 * The meter. This one lives in memory, so that the package works from the first minute: put your protocol behind these
 * methods, and let them throw when the meter does not answer in time.
 */
export class Device {
  /** False plays a meter that does not answer. */
  reachable = true;
  #energy_Wh = 0;

  async read(): Promise<Reading> {
    await Promise.resolve();
    if (!this.reachable) throw new Error('the meter does not answer');
    this.#energy_Wh += 1;
    return { energy_Wh: this.#energy_Wh, power_W: 3600 };
  }
}
`;

function driver(module: string): string {
  return `import { periodic } from '@carabiner/core/toolbox';
import { Device } from './device.js';
import { ${module}Base, type ${module}Implementations } from './generated/${module}.js';

const LOST = 'powermeter/CommunicationFault';

/** The meter as a \`powermeter\`. */
export class ${module} extends ${module}Base {
  readonly device = new Device();

  override readonly implementations: ${module}Implementations = {
    main: {
      // A meter for billing starts a signed transaction here and hands over its record at the stop.
      start_transaction: () => ({ status: 'NOT_SUPPORTED', error: 'this meter signs nothing' }),
      stop_transaction: () => ({ status: 'NOT_SUPPORTED', error: 'this meter signs nothing' }),
    },
  };

  override ready(): void {
    const { errors, publish } = this.provides.main;
    periodic({
      clock: this.clock,
      signal: this.signal,
      periodMs: this.config.poll_ms,
      immediately: true,
      work: async () => {
        const { energy_Wh, power_W } = await this.device.read();
        errors.clear(LOST);
        publish.powermeter({
          timestamp: new Date(this.clock.now()).toISOString(),
          energy_Wh_import: { total: energy_Wh },
          power_W: { total: power_W },
        });
      },
      onError: ({ message }) => {
        errors.raise({ type: LOST, message, severity: 'High' });
      },
    });
  }
}
`;
}

function test(module: string, packageName: string): string {
  return `import { createHarness, describeContract } from '@carabiner/testkit';
import { ${module} } from '${packageName}';

describe('${module}', () => {
  // What powermeter demands of every driver. Each rule gets a fresh one.
  describeContract('powermeter', async () => {
    const harness = await createHarness(${module});
    const { device } = harness.module;
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => {
        await harness.shutdown();
      },
      device: {
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
