// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { hasErrors, sortFindings, type Finding, type FindingText, type YamlSource } from '@carabiner/dialect';
import { checkComposition } from './check-composition.js';
import { CompositionSource } from './composition-source.js';
import { ModuleResolver, type ModuleClasses } from './module-resolver.js';
import type { ModuleShape } from './module-shape.js';
import { readComposition } from './read-composition.js';
import type { ModuleEntry, RunConfiguration } from './run-configuration.js';

/** Where a composition comes from. Give `file` or `composition`. */
export interface CompositionOptions {
  /** Path of a composition. */
  readonly file?: string;
  /** A composition as data. */
  readonly composition?: unknown;
  /** Folder from which packages are looked for; default that of `file`, else the working directory. */
  readonly folder?: string;
  /** Module classes by module name, used before installed packages. */
  readonly modules?: ModuleClasses;
  /** Declarations of modules that run elsewhere and are not installed here. */
  readonly shapeOf?: (entry: ModuleEntry) => ModuleShape | undefined;
  /**
   * Why a module that no package declares runs nowhere else either: with the code `unknown-module` when nothing of its name
   * is there, with another one when what is there cannot be used.
   */
  readonly whyMissing?: (entry: ModuleEntry) => FindingText | undefined;
}

/** A composition with all that is wrong with it. Nothing of its modules was executed. */
export interface LoadedComposition {
  readonly configuration: RunConfiguration;
  /** Declarations by module id, of those that were found. */
  readonly shapes: ReadonlyMap<string, ModuleShape>;
  /** In the order of file and line. */
  readonly findings: readonly Finding[];
  /** False when it cannot run. */
  readonly valid: boolean;
  readonly source: YamlSource;
  readonly resolver: ModuleResolver;
  /** Absolute path; undefined for data. */
  readonly file: string | undefined;
}

/** Reads a composition with its overlay and checks it against the modules that are installed, in one pass. */
export function loadComposition(options: CompositionOptions): LoadedComposition {
  const { file, modules = {}, shapeOf, whyMissing } = options;
  const source =
    file === undefined ? CompositionSource.of(options.composition) : CompositionSource.read(file);
  const folder = options.folder ?? (file === undefined ? process.cwd() : dirname(resolve(file)));
  const resolver = new ModuleResolver(modules, folder, shapeOf, whyMissing);
  const { configuration, findings: structural } = readComposition(source);
  const { shapes, findings: semantic } = checkComposition(configuration, resolver, source);
  const findings = sortFindings([...structural, ...semantic]);
  return {
    configuration,
    shapes,
    findings,
    valid: !hasErrors(findings),
    source,
    resolver,
    file: file === undefined ? undefined : resolve(file),
  };
}
