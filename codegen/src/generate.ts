// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  hasErrors,
  SpecCache,
  SpecSet,
  type Finding,
  type InterfaceModel,
  type ManifestModel,
  type SpecDirectory,
  type TypeFileModel,
} from '@carabiner/dialect';
import { emitInterfaceChecks, emitTypeChecks } from './emit-checks.js';
import { emitDocsIndex, emitInterfaceDocs, emitTypeDocs } from './emit-docs.js';
import { emitIndex, emitTypesIndex } from './emit-index.js';
import { emitInterface } from './emit-interface.js';
import { emitInterfaceSchema, emitTypeSchema } from './emit-json-schema.js';
import { emitModule } from './emit-module.js';
import { emitSchemas } from './emit-schemas.js';
import { emitTypes } from './emit-types.js';
import { Layout } from './layout.js';
import { ManifestReader } from './manifests.js';
import { nameClashes } from './name-clashes.js';
import { resolveSpecs } from './spec-sources.js';
import { TypeBundle } from './type-bundle.js';

/** What to generate from, and what to make of it. */
export interface GenerateOptions {
  /** Folders with `interfaces/`, `types/`, `errors/`, or names of npm packages that have such a folder. */
  readonly specs: readonly string[];
  /** Patterns of manifest files. Default: none. */
  readonly manifests?: readonly string[];
  /** Output directory of the TypeScript; decides which package is "ours". */
  readonly out: string;
  /** Output directory of JSON Schema files. Default: none are made. */
  readonly jsonSchema?: string;
  /** Output directory of the Markdown reference. Default: none is made. */
  readonly docs?: string;
  /** What relative paths start at. Default: the working directory of the process. */
  readonly cwd?: string;
}

/** Path below an output directory → content. */
export type GeneratedFiles = ReadonlyMap<string, string>;

/** What was generated. */
export interface Generated {
  /** The TypeScript; sorted by path. Empty when `findings` has an error, like the others. */
  readonly files: GeneratedFiles;
  readonly jsonSchema: GeneratedFiles;
  readonly docs: GeneratedFiles;
  readonly findings: readonly Finding[];
  readonly specs: SpecSet;
  readonly manifests: readonly ManifestModel[];
}

/** Reads specifications and manifests and generates code in memory; nothing is written. */
export async function generate(options: GenerateOptions): Promise<Generated> {
  return new Generator(options).generate();
}

interface Emitted {
  /** What the texts depend on, as it was. */
  readonly inputs: readonly unknown[];
  readonly texts: readonly (readonly [Target, string, string])[];
}

type Target = 'docs' | 'files' | 'jsonSchema';

/** Generates again and again, doing anew only what depends on a changed file. */
export class Generator {
  readonly #options: GenerateOptions;
  readonly #cwd: string;
  readonly #cache = new SpecCache();
  readonly #manifests = new ManifestReader();
  readonly #bundle = new TypeBundle();
  readonly #emitted = new Map<string, Emitted>();

  constructor(options: GenerateOptions) {
    this.#options = options;
    this.#cwd = options.cwd ?? process.cwd();
  }

  /** Reads what changed and generates in memory; nothing is written. */
  async generate(): Promise<Generated> {
    const { out, manifests: patterns = [] } = this.#options;
    const packages = new Map<SpecDirectory, string>();
    const directories = this.#options.specs.map((argument) => {
      const { directory, packageName } = resolveSpecs(argument, out, this.#cwd);
      if (packageName !== undefined) packages.set(directory, packageName);
      return directory;
    });
    const specs = SpecSet.read(directories, this.#cache);
    const layout = new Layout(specs, packages);
    const types = specs.names('types').filter((name) => layout.isOwn('types', name));
    const interfaces = specs.names('interfaces').filter((name) => layout.isOwn('interfaces', name));
    const typeModels = types.flatMap((name) => specs.typeFile(name) ?? []);
    const interfaceModels = interfaces.flatMap((name) => specs.interface(name) ?? []);
    const { manifests, findings: manifestFindings } = this.#manifests.read(patterns, specs, this.#cwd);
    const findings = [...specs.findings, ...manifestFindings, ...nameClashes(typeModels, interfaceModels)];
    if (!hasErrors(findings)) findings.push(...(await this.#bundle.update(typeModels, interfaceModels)));
    const empty: Generated = {
      files: new Map(),
      jsonSchema: new Map(),
      docs: new Map(),
      findings,
      specs,
      manifests,
    };
    if (hasErrors(findings)) return empty;

    const texts: (readonly [Target, string, string])[] = [];
    for (const model of typeModels) texts.push(...this.#typeFile(model, specs, layout));
    for (const model of interfaceModels) texts.push(...this.#interface(model, specs, layout));
    for (const manifest of manifests) {
      texts.push(
        ...this.#once(`manifest ${manifest.module}`, [manifest], () => [
          [
            'files',
            `${manifest.module}.ts`,
            emitModule(manifest, layout, manifest.source.file.split('/').slice(-2).join('/')),
          ],
        ]),
      );
    }
    if (typeModels.length + interfaceModels.length > 0) {
      for (const name of SHARED) texts.push(['files', name, sharedModule(name)]);
      texts.push(['files', 'index.ts', emitIndex(interfaces, typeModels.length > 0)]);
      if (typeModels.length > 0) texts.push(['files', 'types/index.ts', emitTypesIndex(types)]);
      texts.push(['docs', 'README.md', emitDocsIndex(interfaceModels, typeModels)]);
    }
    const of = (target: Target): GeneratedFiles =>
      new Map(
        texts
          .filter(([wanted]) => wanted === target)
          .map(([, path, text]) => [path, text] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    return {
      ...empty,
      files: of('files'),
      jsonSchema: this.#options.jsonSchema === undefined ? new Map() : of('jsonSchema'),
      docs: this.#options.docs === undefined ? new Map() : of('docs'),
    };
  }

  #typeFile(model: TypeFileModel, specs: SpecSet, layout: Layout): Emitted['texts'] {
    const { name } = model;
    const { docs, jsonSchema } = this.#options;
    const inputs = [model, dependencies(model, specs)];
    return this.#once(`types ${name}`, inputs, () => [
      ['files', `types/${name}.ts`, emitTypes(model, this.#bundle, layout)],
      ['files', `checks/types/${name}.ts`, emitTypeChecks(model, layout)],
      ['files', `schemas/${name}.ts`, emitSchemas(model, specs, layout)],
      ...optional(jsonSchema, 'jsonSchema', `types/${name}.schema.json`, () => emitTypeSchema(model)),
      ...optional(docs, 'docs', `types/${name}.md`, () => emitTypeDocs(model)),
    ]);
  }

  #interface(model: InterfaceModel, specs: SpecSet, layout: Layout): Emitted['texts'] {
    const { name } = model;
    const { docs, jsonSchema } = this.#options;
    const inputs = [
      model,
      dependencies(model, specs),
      ...model.errors.map(({ file }) => specs.errorFile(file)),
    ];
    return this.#once(`interfaces ${name}`, inputs, () => [
      ['files', `checks/interfaces/${name}.ts`, emitInterfaceChecks(model, specs, layout)],
      ['files', `interfaces/${name}.ts`, emitInterface(model, this.#bundle, specs, layout)],
      ...optional(jsonSchema, 'jsonSchema', `interfaces/${name}.schema.json`, () =>
        emitInterfaceSchema(model),
      ),
      ...optional(docs, 'docs', `interfaces/${name}.md`, () => emitInterfaceDocs(model, specs)),
    ]);
  }

  #once(key: string, inputs: readonly unknown[], emit: () => Emitted['texts']): Emitted['texts'] {
    const known = this.#emitted.get(key);
    if (
      known?.inputs.length === inputs.length &&
      known.inputs.every((input, index) => input === inputs[index])
    ) {
      return known.texts;
    }
    const texts = emit();
    this.#emitted.set(key, { inputs, texts });
    return texts;
  }
}

/**
 * What a file's output depends on of the files it refers to: not their content, only which files those lead to in turn
 * and whether they are generated or imported.
 */
function dependencies(model: InterfaceModel | TypeFileModel, specs: SpecSet): string {
  return specs
    .typeFilesOf(model)
    .map((name) => {
      const file = specs.typeFile(name);
      return `${name} ${String(specs.file('types', name)?.directory.lazy)} ${file === undefined ? '' : specs.typeFilesOf(file).join()}`;
    })
    .join('\n');
}

function optional(
  wanted: string | undefined,
  target: Target,
  path: string,
  emit: () => string,
): Emitted['texts'] {
  return wanted === undefined ? [] : [[target, path, emit()]];
}

/** Modules that every generated check shares: the dialect's own, word for word. */
const SHARED = ['formats.ts', 'validation.ts'] as const;
const sharedTexts = new Map<string, string>();

function sharedModule(name: string): string {
  let text = sharedTexts.get(name);
  if (text === undefined) {
    const path = createRequire(import.meta.url).resolve(`@carabiner/dialect/${name}`);
    const [license = '', ...rest] = readFileSync(path, 'utf8').split('\n');
    text = `${license}\n// Written by carabiner-codegen. Do not edit.\n${rest.join('\n')}`;
    sharedTexts.set(name, text);
  }
  return text;
}
