// SPDX-License-Identifier: Apache-2.0
import { fileNameOf, type DriverSources, type PluginSpec } from './plugin-spec.js';

/** A module whose commands are still to be written, for interfaces without a template of their own. */
export function stubTemplate({ names, provides }: PluginSpec): DriverSources {
  const { module } = names;
  const file = fileNameOf(module);
  return {
    config: [],
    files: {
      [`src/${file}.ts`]: driver(module, provides),
      [`test/${file}.test.ts`]: test(module, names.package),
    },
  };
}

function driver(module: string, provides: PluginSpec['provides']): string {
  const implementations = [...provides].flatMap(([id, { commands }]) => [
    `    ${key(id)}: {`,
    ...commands.flatMap((command) => [
      `      ${key(command)}: () => {`,
      `        throw new Error('${id}.${command} is not written yet');`,
      '      },',
    ]),
    '    },',
  ]);
  return `import { ${module}Base, type ${module}Implementations } from './generated/${module}.js';

/** Say here what the module is. */
export class ${module} extends ${module}Base {
  override readonly implementations: ${module}Implementations = {
${implementations.join('\n')}
  };

  override ready(): void {
    this.log.info('ready');
  }
}
`;
}

function test(module: string, packageName: string): string {
  return `import { createHarness } from '@carabiner/testkit';
import { expect } from 'chai';
import { ${module} } from '${packageName}';

describe('${module}', () => {
  it('starts and stops, and leaves no timer behind', async () => {
    const harness = await createHarness(${module});
    await harness.advance(1_000);
    await harness.shutdown();
    expect(harness.pendingTimers).to.equal(0);
  });
});
`;
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
