// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import {
  hasErrors,
  nearestName,
  readManifest,
  SpecSet,
  YamlSource,
  type Finding,
  type ManifestModel,
  type SpecDirectory,
} from '@carabiner/dialect';
import { emitInterfaceChecks, emitTypeChecks } from './emit-checks.js';
import { emitIndex, emitTypesIndex } from './emit-index.js';
import { emitInterface } from './emit-interface.js';
import { emitModule } from './emit-module.js';
import { emitSchemas } from './emit-schemas.js';
import { emitTypes } from './emit-types.js';
import { glob } from './glob.js';
import { Layout } from './layout.js';
import { resolveSpecs } from './spec-sources.js';
import { TypeBundle } from './type-bundle.js';

/** What to generate from. */
export interface GenerateOptions {
  /** Folders with `interfaces/`, `types/`, `errors/`, or names of npm packages that have such a folder. */
  readonly specs: readonly string[];
  /** Patterns of manifest files. Default: none. */
  readonly manifests?: readonly string[];
  /** Output directory; decides about relative imports and about which package is "ours". */
  readonly out: string;
  /** What relative paths start at. Default: the working directory of the process. */
  readonly cwd?: string;
}

/** What was generated. */
export interface Generated {
  /** Path below the output directory → content; sorted by path. Empty when `findings` has an error. */
  readonly files: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
  readonly specs: SpecSet;
  readonly manifests: readonly ManifestModel[];
}

/** Reads specifications and manifests and generates code in memory; nothing is written. */
export async function generate(options: GenerateOptions): Promise<Generated> {
  const cwd = options.cwd ?? process.cwd();
  const packages = new Map<SpecDirectory, string>();
  const directories = options.specs.map((argument) => {
    const { directory, packageName } = resolveSpecs(argument, options.out, cwd);
    if (packageName !== undefined) packages.set(directory, packageName);
    return directory;
  });
  const specs = SpecSet.read(directories);
  const layout = new Layout(specs, packages);
  const { manifests, findings: manifestFindings } = readManifests(options.manifests ?? [], specs, cwd);
  const files = new Map<string, string>();
  const findings = [...specs.findings, ...manifestFindings];
  if (hasErrors(findings)) return { files, findings, specs, manifests };

  const types = specs.names('types').filter((name) => layout.isOwn('types', name));
  const interfaces = specs.names('interfaces').filter((name) => layout.isOwn('interfaces', name));
  const typeModels = types.flatMap((name) => specs.typeFile(name) ?? []);
  const interfaceModels = interfaces.flatMap((name) => specs.interface(name) ?? []);
  if (typeModels.length + interfaceModels.length > 0) {
    const bundle = await TypeBundle.make(typeModels, interfaceModels);
    files.set('validation.ts', validationModule());
    files.set('index.ts', emitIndex(interfaces, typeModels.length > 0));
    if (typeModels.length > 0) files.set('types/index.ts', emitTypesIndex(types));
    for (const model of typeModels) {
      files.set(`types/${model.name}.ts`, emitTypes(model, bundle, layout));
      files.set(`checks/types/${model.name}.ts`, emitTypeChecks(model, layout));
      files.set(`schemas/${model.name}.ts`, emitSchemas(model, specs, layout));
    }
    for (const model of interfaceModels) {
      files.set(`checks/interfaces/${model.name}.ts`, emitInterfaceChecks(model, specs, layout));
      files.set(`interfaces/${model.name}.ts`, emitInterface(model, bundle, specs, layout));
    }
  }
  for (const manifest of manifests) {
    files.set(`${manifest.module}.ts`, emitModule(manifest, layout, `the manifest of ${manifest.module}`));
  }
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), findings, specs, manifests };
}

function readManifests(
  patterns: readonly string[],
  specs: SpecSet,
  cwd: string,
): { manifests: ManifestModel[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const manifests = new Map<string, ManifestModel>();
  const known = specs.names('interfaces');
  for (const pattern of patterns) {
    const paths = glob(pattern, cwd);
    if (paths.length === 0) {
      findings.push(
        new YamlSource(pattern, null).finding([], {
          code: 'no-manifest',
          message: 'no manifest matches the pattern',
        }),
      );
    }
    for (const path of paths) {
      const { manifest, findings: own } = readManifest(resolve(cwd, path), { file: path });
      findings.push(...own);
      const other = [...manifests.values()].find(
        ({ module }) => module.toLowerCase() === manifest.module.toLowerCase(),
      );
      if (other !== undefined && other.source.file !== path) {
        findings.push(
          manifest.source.finding([], {
            code: 'name-clash',
            message: `module '${manifest.module}' is defined in ${other.source.file} too`,
            expected: 'one manifest for each module, with names that differ on every file system',
          }),
        );
      }
      if (manifest.module.toLowerCase() === 'index' || manifest.module.toLowerCase() === 'validation') {
        findings.push(
          manifest.source.finding([], {
            code: 'name-clash',
            message: `a module cannot be called '${manifest.module}': the generator writes a file of that name`,
          }),
        );
      }
      manifests.set(manifest.module, manifest);
      findings.push(...unknownInterfaces(manifest, known));
    }
  }
  return { manifests: [...manifests.values()].sort((a, b) => (a.module < b.module ? -1 : 1)), findings };
}

function unknownInterfaces(manifest: ManifestModel, known: readonly string[]): Finding[] {
  const uses = (['provides', 'requires'] as const).flatMap((group) =>
    Object.entries<{ readonly interface: string }>(manifest[group]).map(([id, { interface: name }]) => ({
      path: [group, id, 'interface'],
      name,
    })),
  );
  return uses
    .filter(({ name }) => name !== '' && !known.includes(name))
    .map(({ path, name }) =>
      manifest.source.finding(path, {
        code: 'unknown-interface',
        message: `there is no interface '${name}'`,
        expected: 'an interface of the given specifications',
        suggestion: nearestName(name, known),
      }),
    );
}

/** The module that every generated check imports: the dialect's own, word for word. */
function validationModule(): string {
  const path = createRequire(import.meta.url).resolve('@carabiner/dialect/validation.ts');
  const text = readFileSync(path, 'utf8');
  const [license = '', ...rest] = text.split('\n');
  return `${license}\n// Written by carabiner-codegen. Do not edit.\n${rest.join('\n')}`;
}
