// SPDX-License-Identifier: Apache-2.0
import { basename, dirname } from 'node:path';
import { readConfigParameters, type ConfigParameters } from './config-parameter.js';
import type { Finding } from './finding.js';
import { isJsonArray, kindOf, shown, type Json } from './json.js';
import { MapChecker } from './map-checker.js';
import { MODULE_NAME, NAME, PROVIDED_INTERFACE_NAME } from './names.js';
import { YamlSource } from './yaml-source.js';

/** An implementation that a module provides. */
export interface ImplementationModel {
  readonly description: string;
  readonly interface: string;
  readonly config: ConfigParameters;
}

/** Implementations of other modules that a module needs. */
export interface RequirementModel {
  readonly interface: string;
  readonly minConnections: number;
  readonly maxConnections: number;
  readonly ignore: { readonly errors: boolean; readonly variables: readonly string[] };
}

/** A module as its manifest declares it. */
export interface ManifestModel {
  /** Module name; not in the file, but in its name or that of its folder. */
  readonly module: string;
  readonly description: string;
  readonly config: ConfigParameters;
  readonly provides: { readonly [implementation: string]: ImplementationModel };
  readonly requires: { readonly [requirement: string]: RequirementModel };
  readonly license: string;
  readonly authors: readonly string[];
  readonly enableExternalMqtt: boolean;
  readonly enableTelemetry: boolean;
  readonly enableGlobalErrors: boolean;
  /** The file it came from, for positions. */
  readonly source: YamlSource;
}

/** A manifest with all that is wrong in it. Use the manifest only when none of the findings is an error. */
export interface ManifestResult {
  readonly manifest: ManifestModel;
  readonly findings: readonly Finding[];
}

const KEYS = [
  'description',
  'metadata',
  'config',
  'provides',
  'requires',
  'enable_external_mqtt',
  'enable_telemetry',
  'enable_global_errors',
];

const IMPLEMENTATION_KEYS = ['description', 'interface', 'config'];

/** `manifests/AcmePsu.yaml` and `AcmePsu/manifest.yaml` both name the module `AcmePsu`. */
export function moduleNameOf(path: string): string {
  const stem = basename(path).replace(/\.yaml$/, '');
  return stem === 'manifest' ? basename(dirname(path)) : stem;
}

/**
 * Reads and checks a manifest file.
 *
 * @param path where the file is; the module is named by it, see {@link moduleNameOf}
 * @param options.file how findings name the file; default `path`
 * @param options.module the module's name, where the path does not tell it
 */
export function readManifest(
  path: string,
  options: { readonly file?: string; readonly module?: string } = {},
): ManifestResult {
  return checkManifest(YamlSource.read(path, options.file ?? path), options.module ?? moduleNameOf(path));
}

/** Checks a manifest that was read already. */
export function checkManifest(source: YamlSource, module: string): ManifestResult {
  const findings: Finding[] = [...source.findings];
  if (source.value === null && findings.length === 0) {
    findings.push(
      source.finding([], {
        code: 'empty-file',
        message: 'the file is empty',
        expected: 'a manifest with description and metadata',
      }),
    );
  }
  // An empty or unreadable file has been reported; there is nothing to check.
  const root = new MapChecker(source, [], source.value ?? {}, source.value === null ? [] : findings, {
    what: 'the manifest',
  });
  if (!MODULE_NAME.pattern.test(module)) {
    root.report([], {
      code: 'bad-name',
      message: `'${module}' cannot be the name of a module`,
      expected: MODULE_NAME.what,
    });
  }
  root.onlyKeys(KEYS, 'a manifest');
  const { license, authors } = readMetadata(root);
  const manifest: ManifestModel = {
    module,
    description: root.text('description'),
    config: readConfigParameters(root.map('config')),
    provides: readProvides(root),
    requires: readRequires(root.map('requires')),
    license,
    authors,
    enableExternalMqtt: root.boolean('enable_external_mqtt', false),
    enableTelemetry: root.boolean('enable_telemetry', false),
    enableGlobalErrors: root.boolean('enable_global_errors', false),
    source,
  };
  return { manifest, findings };
}

function readMetadata(root: MapChecker): { license: string; authors: readonly string[] } {
  if (root.value['metadata'] === undefined) {
    root.report([], {
      code: 'missing-key',
      message: "'metadata' is missing",
      expected: 'a map with license (URI) and authors (list)',
    });
    return { license: '', authors: [] };
  }
  const metadata = root.map('metadata');
  const license = metadata.text('license', { minLength: 1 });
  for (const key of ['license', 'base_license']) {
    const uri = metadata.value[key];
    if (typeof uri === 'string' && !uri.includes('://')) {
      metadata.report([key], { code: 'bad-uri', message: `'${key}' is ${shown(uri)}`, expected: 'a URI' });
    }
  }
  const authors = metadata.value['authors'];
  if (
    isJsonArray(authors) &&
    authors.length > 0 &&
    authors.every((author) => typeof author === 'string' && author.length >= 2)
  ) {
    return { license, authors: authors as readonly string[] };
  }
  metadata.report(authors === undefined ? [] : ['authors'], {
    code: authors === undefined ? 'missing-key' : 'wrong-type',
    message: authors === undefined ? "'authors' is missing" : `'authors' is ${shown(authors)}`,
    expected: 'a list of at least one text',
  });
  return { license, authors: [] };
}

function readProvides(root: MapChecker): ManifestModel['provides'] {
  const provides = root.map('provides');
  if (root.value['provides'] !== undefined && Object.keys(provides.value).length === 0) {
    provides.report([], {
      at: 'key',
      code: 'empty-map',
      message: "'provides' is empty",
      expected: 'at least one implementation, or no such key',
    });
  }
  return Object.fromEntries(
    provides.entries(NAME, 'an implementation').map(([id, entry]) => {
      for (const [key, value] of Object.entries(entry.value)) {
        if (IMPLEMENTATION_KEYS.includes(key)) continue;
        // Other keys are free text for matching, but not those that look like a part of an interface.
        if (/^(interface|config|cmds|vars$)/.test(key) || !NAME.pattern.test(key)) {
          entry.unknownKey(key, IMPLEMENTATION_KEYS, `implementation '${id}'`);
        } else if (typeof value === 'object' && value !== null) {
          entry.report([key], {
            code: 'wrong-type',
            message: `'${key}' is ${kindOf(value)}`,
            expected: 'a text, a number, true or false',
          });
        }
      }
      return [
        id,
        {
          description: entry.text('description'),
          interface: entry.text('interface', { rule: PROVIDED_INTERFACE_NAME }),
          config: readConfigParameters(entry.map('config')),
        },
      ];
    }),
  );
}

function readRequires(requires: MapChecker): ManifestModel['requires'] {
  return Object.fromEntries(
    requires.entries(NAME, 'a requirement').map(([id, entry]) => {
      entry.onlyKeys(['interface', 'min_connections', 'max_connections', 'ignore'], `requirement '${id}'`);
      const minConnections = entry.integer('min_connections', 1, 0);
      const maxConnections = entry.integer('max_connections', 1, 1);
      if (minConnections > maxConnections) {
        entry.report(['min_connections'], {
          code: 'empty-range',
          message: `min_connections ${minConnections} is above max_connections ${maxConnections}`,
          expected: 'min_connections not above max_connections',
        });
      }
      const ignore = entry.map('ignore');
      return [
        id,
        {
          interface: entry.text('interface', { minLength: 1, rule: NAME }),
          minConnections,
          maxConnections,
          ignore: { errors: ignore.boolean('errors', false), variables: readIgnoredVariables(ignore) },
        },
      ];
    }),
  );
}

function readIgnoredVariables(ignore: MapChecker): readonly string[] {
  const value: Json | undefined = ignore.value['vars'];
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  if (isJsonArray(value) && value.every((name) => typeof name === 'string')) return value;
  ignore.report(['vars'], {
    code: 'wrong-type',
    message: `'vars' is ${shown(value)}`,
    expected: 'a list of names of variables',
  });
  return [];
}
