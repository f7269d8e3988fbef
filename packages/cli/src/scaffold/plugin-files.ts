// SPDX-License-Identifier: Apache-2.0
import { isolationMonitorTemplate } from './isolation-monitor-template.js';
import { kvsTemplate } from './kvs-template.js';
import { fileNameOf, type DriverSources, type PluginSpec } from './plugin-spec.js';
import { powerSupplyTemplate } from './power-supply-template.js';
import { powermeterTemplate } from './powermeter-template.js';
import { stubTemplate } from './stub-template.js';

const LICENSE = '// SPDX-License-Identifier: Apache-2.0\n';

const TEMPLATES: Readonly<Record<string, (module: string, packageName: string) => DriverSources>> = {
  power_supply_DC: powerSupplyTemplate,
  powermeter: powermeterTemplate,
  isolation_monitor: isolationMonitorTemplate,
  kvs: kvsTemplate,
};

/** All files of a new plugin package but the generated ones: path → text. */
export function pluginFiles(spec: PluginSpec): ReadonlyMap<string, string> {
  const { module } = spec.names;
  const [only, ...others] = spec.provides.values();
  const template = only !== undefined && others.length === 0 ? TEMPLATES[only.name] : undefined;
  const sources = template?.(module, spec.names.package) ?? stubTemplate(spec);
  const files = new Map<string, string>([
    ['package.json', json(packageJson(spec))],
    ['tsconfig.json', json(TSCONFIG)],
    ['test/tsconfig.json', json(TEST_TSCONFIG)],
    ['eslint.config.js', ESLINT],
    ['.gitignore', 'node_modules/\ndist/\ndist-test/\n'],
    ['README.md', readme(spec)],
    [`manifests/${module}.yaml`, manifest(spec, sources.config)],
    ['charger.yaml', composition(spec)],
    ['src/index.ts', `${LICENSE}export { ${module} } from './${fileNameOf(module)}.js';\n`],
  ]);
  for (const [path, text] of Object.entries(sources.files)) files.set(path, `${LICENSE}${text}`);
  return files;
}

function packageJson({ names, description, versions }: PluginSpec): object {
  return {
    name: names.package,
    version: '0.1.0',
    description,
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=20.19.0' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist', '!dist/.tsbuildinfo', 'manifests', 'README.md'],
    keywords: ['carabiner-plugin'],
    carabiner: { modules: { [names.module]: `./manifests/${names.module}.yaml` } },
    scripts: {
      generate:
        "carabiner-codegen --specs @carabiner/interfaces --manifests 'manifests/*.yaml' --out src/generated",
      build: 'tsc -b . test',
      test: "mocha 'dist-test/**/*.test.js'",
      lint: 'eslint . --max-warnings 0',
      check: 'carabiner check charger.yaml',
      start: 'carabiner run charger.yaml',
      prepack: 'npm run build',
    },
    dependencies: { zod: '^4.6.7' },
    peerDependencies: {
      '@carabiner/core': versions,
      '@carabiner/interfaces': versions,
    },
    devDependencies: {
      '@carabiner/codegen': versions,
      '@carabiner/testkit': versions,
      '@types/mocha': '^10.0.10',
      '@types/node': '^20.19.0',
      carabiner: versions,
      chai: '^6.3.0',
      '@types/chai': '^5.2.3',
      eslint: '^10.15.0',
      mocha: '^12.0.3',
      typescript: 'npm:@typescript/typescript6@^6.0.2',
      'typescript-eslint': '^8.73.0',
    },
  };
}

const COMPILER_OPTIONS = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  composite: true,
  declarationMap: true,
  sourceMap: true,
  skipLibCheck: true,
};

const TSCONFIG = {
  compilerOptions: {
    ...COMPILER_OPTIONS,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
    tsBuildInfoFile: 'dist/.tsbuildinfo',
  },
  include: ['src'],
};

const TEST_TSCONFIG = {
  extends: '../tsconfig.json',
  compilerOptions: {
    types: ['node', 'mocha'],
    rootDir: '.',
    outDir: '../dist-test',
    tsBuildInfoFile: '../dist-test/.tsbuildinfo',
  },
  include: ['.'],
  references: [{ path: '..' }],
};

const ESLINT = `${LICENSE}import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'dist-test/**', '**/generated/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  },
);
`;

function manifest({ description, provides, requires }: PluginSpec, config: readonly string[]): string {
  const lines = ['# SPDX-License-Identifier: Apache-2.0', `description: ${JSON.stringify(description)}`];
  if (config.length > 0) lines.push('config:', ...config.map((line) => `  ${line}`));
  if (provides.size > 0) lines.push('provides:');
  for (const [id, { name }] of provides)
    lines.push(`  ${id}:`, `    interface: ${name}`, `    description: The ${name} of this module`);
  if (requires.size > 0) lines.push('requires:');
  for (const [id, { name }] of requires) lines.push(`  ${id}:`, `    interface: ${name}`);
  lines.push(
    'metadata:',
    '  license: https://opensource.org/licenses/Apache-2.0',
    '  authors:',
    '    - Your name',
  );
  return `${lines.join('\n')}\n`;
}

function composition({ names, requires }: PluginSpec): string {
  const lines = ['active_modules:', '  device:', `    module: ${names.module}`];
  if (requires.size > 0) lines.push('    connections:');
  for (const [id, { name }] of requires)
    lines.push(
      `      ${id}: # put the id of a module that provides ${name} here`,
      `        - module_id: ${id}`,
      '          implementation_id: main',
    );
  return `${lines.join('\n')}\n`;
}

function readme({ names, description, provides, requires }: PluginSpec): string {
  const list = (title: string, interfaces: PluginSpec['provides']): readonly string[] =>
    interfaces.size === 0
      ? []
      : ['', `${title}: ${[...interfaces].map(([id, { name }]) => `\`${id}\` (${name})`).join(', ')}.`];
  return [
    `# ${names.package}`,
    '',
    description,
    ...list('Provides', provides),
    ...list('Requires', requires),
    '',
    '```sh',
    'npm install',
    'npm run build',
    'npm test            # the contract of the interface',
    'npm run lint',
    'npm start           # runs charger.yaml',
    '```',
    '',
    `After a change of \`manifests/${names.module}.yaml\`: \`npm run generate\`. Do not edit \`src/generated\`.`,
    '',
    'In a composition:',
    '',
    '```yaml',
    'active_modules:',
    '  device:',
    `    module: ${names.module}`,
    '```',
    '',
  ].join('\n');
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
