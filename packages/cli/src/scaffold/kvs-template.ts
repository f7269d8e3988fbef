// SPDX-License-Identifier: Apache-2.0
import { fileNameOf, type DriverSources } from './plugin-spec.js';

/** A `kvs` in memory. */
export function kvsTemplate(module: string, packageName: string): DriverSources {
  const file = fileNameOf(module);
  return {
    config: [],
    files: { [`src/${file}.ts`]: driver(module), [`test/${file}.test.ts`]: test(module, packageName) },
  };
}

function driver(module: string): string {
  return `import type { KvsProvider } from '@carabiner/interfaces/interfaces/kvs';
import { ${module}Base, type ${module}Implementations } from './generated/${module}.js';

type Value = Parameters<KvsProvider['store']>[0]['value'];

/** A key-value store. This one lives in memory: put your storage in the place of the map. */
export class ${module} extends ${module}Base {
  readonly #values = new Map<string, Value>();

  override readonly implementations: ${module}Implementations = {
    main: {
      store: ({ key, value }) => {
        this.#values.set(key, value);
      },
      load: ({ key }) => this.#values.get(key) ?? null,
      delete: ({ key }) => {
        this.#values.delete(key);
      },
      exists: ({ key }) => this.#values.has(key),
    },
  };
}
`;
}

function test(module: string, packageName: string): string {
  return `import { createHarness, describeContract } from '@carabiner/testkit';
import { ${module} } from '${packageName}';

describe('${module}', () => {
  // What kvs demands of every store. Supply device.restart once values survive a restart.
  describeContract('kvs', async () => {
    const harness = await createHarness(${module});
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => {
        await harness.shutdown();
      },
    };
  });
});
`;
}
