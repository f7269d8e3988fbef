// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { publicPackages, ROOT, type WorkspacePackage } from './workspace.js';

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface EntryPoint {
  /** What a consumer writes after `from`. */
  readonly specifier: string;
  readonly code: boolean;
}

/** Runs a command; when it fails, the error has all that the command has said. */
function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
      // npm hands its settings to child processes through the environment; this install is not part of that run
      env: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(cache|registry))/i.test(name)),
      ),
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} … failed:\n${stdout ?? ''}\n${stderr ?? ''}`, {
      cause: error,
    });
  }
}

/** All entry points of a package; patterns are filled in from the files that were packed. */
function entryPoints({ manifest }: WorkspacePackage, files: readonly string[]): EntryPoint[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) => {
    const path = (typeof target === 'string' ? target : (target.default ?? '')).replace(/^\.\//, '');
    const specifier = subpath.replace(/^\./, manifest.name);
    const code = path.endsWith('.js');
    if (!path.includes('*')) return [{ specifier, code }];
    const [before = '', after = ''] = path.split('*');
    return files
      .filter((file) => file.startsWith(before) && file.endsWith(after))
      .map((file) => ({
        specifier: specifier.replace('*', file.slice(before.length, file.length - after.length)),
        code,
      }));
  });
}

/** The module classes that the packages declare, with the package that exports each. */
function moduleClasses(packages: readonly WorkspacePackage[]): { module: string; specifier: string }[] {
  return packages.flatMap(({ manifest }) =>
    Object.keys(manifest.carabiner?.modules ?? {}).map((module) => ({ module, specifier: manifest.name })),
  );
}

/** Imports every code entry point, looks up every other one and every module class; prints what failed. */
function importScript(
  entries: readonly EntryPoint[],
  modules: readonly { readonly module: string; readonly specifier: string }[],
): string {
  return `
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
const failures = [];
for (const { specifier, code } of ${JSON.stringify(entries)}) {
  try {
    if (code) {
      if (Object.keys(await import(specifier)).length === 0 && !specifier.includes('/types/')) failures.push(specifier + ': exports nothing');
    } else if (!existsSync(fileURLToPath(import.meta.resolve(specifier)))) failures.push(specifier + ': no such file');
  } catch (error) {
    failures.push(specifier + ': ' + error.message);
  }
}
for (const { module, specifier } of ${JSON.stringify(modules)}) {
  const found = (await import(specifier).catch(() => ({})))[module];
  if (found?.descriptor?.module !== module) failures.push(specifier + ': has no module class ' + module);
}
console.log(JSON.stringify(failures));
process.exit(0);
`;
}

/** A source file that mentions every entry point, for the compiler. */
function consumer(entries: readonly EntryPoint[]): string {
  const code = entries.filter(({ code }) => code);
  return [
    ...code.map(({ specifier }, index) => `import type * as entry${String(index)} from '${specifier}';`),
    `export type Entries = [${code.map((_, index) => `typeof entry${String(index)}`).join(', ')}];`,
    '',
  ].join('\n');
}

const CONSUMER_OPTIONS = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ['consumer.ts'],
};

describe('the published packages', () => {
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'carabiner-pack-'));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('install into an empty folder, import, run and compile there', function () {
    this.timeout(180_000);
    const packages = publicPackages();
    const tarballs = join(folder, 'tarballs');
    mkdirSync(tarballs);
    const workspaces = packages.flatMap(({ folder: workspace }) => ['-w', workspace]);
    const packed = JSON.parse(
      run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', tarballs, ...workspaces], ROOT),
    ) as Packed[];
    expect(packed.map(({ name }) => name)).to.have.members(packages.map(({ manifest }) => manifest.name));

    const files = new Map(packed.map(({ name, files: list }) => [name, list.map(({ path }) => path)]));
    const entries: EntryPoint[] = [];
    for (const item of packages) {
      const { name } = item.manifest;
      const shipped = files.get(name) ?? [];
      expect(shipped, name).to.include.members(['package.json', 'README.md']);
      const targets = JSON.stringify(item.manifest.exports);
      expect(
        shipped
          .filter((path) => !targets.includes(path))
          .filter((path) => /tsbuildinfo$|(^|\/)(src|test|dist-test|bench)\/|\.test\./.test(path)),
        `${name} ships what nobody needs`,
      ).to.deep.equal([]);
      entries.push(...entryPoints(item, shipped));
    }

    const empty = join(folder, 'consumer');
    mkdirSync(empty);
    writeFileSync(
      join(empty, 'package.json'),
      JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
    );
    run(
      'npm',
      [
        'install',
        '--prefer-offline',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--no-progress',
        ...packed.map(({ filename }) => join(tarballs, filename)),
        `@types/node@${versionOf('@types/node')}`,
      ],
      empty,
    );

    writeFileSync(join(empty, 'import.mjs'), importScript(entries, moduleClasses(packages)));
    expect(JSON.parse(run(process.execPath, ['import.mjs'], empty)), 'entry points').to.deep.equal([]);

    for (const { manifest } of packages) {
      for (const command of Object.keys(manifest.bin ?? {})) {
        expect(run(join(empty, 'node_modules/.bin', command), ['--help'], empty), command).to.match(/usage/i);
      }
    }

    writeFileSync(join(empty, 'tsconfig.json'), JSON.stringify(CONSUMER_OPTIONS));
    writeFileSync(join(empty, 'consumer.ts'), consumer(entries));
    run(process.execPath, [compiler(), '-p', empty], empty);
  });
});

function versionOf(name: string): string {
  return (
    JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }
  ).version;
}

/** The compiler this repository is built with. */
function compiler(): string {
  const path = join(dirname(createRequire(import.meta.url).resolve('typescript7/package.json')), 'bin/tsc');
  if (!existsSync(path)) throw new Error(`no compiler at ${path}`);
  return path;
}
