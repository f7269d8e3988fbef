// SPDX-License-Identifier: Apache-2.0
import {
  checkConfigValue,
  describeConfigValue,
  nearestName,
  own,
  type ConfigParameters,
  type Finding,
  type FindingText,
  type Json,
  type YamlPath,
  type YamlSource,
} from '@carabiner/dialect';
import type { ImplementationAddress } from '../bus/bus.js';
import type { ModuleShape } from './module-shape.js';
import { PROBE_MODULE, probeShape } from './probe-module.js';
import type { ConfigValues, ModuleEntry, RunConfiguration } from './run-configuration.js';

/** Where modules come from: installed packages, classes given directly, a folder of manifests. */
export interface ModuleCatalogue {
  /** The module of an entry, or why there is none. */
  find(entry: ModuleEntry): ModuleShape | FindingText;
}

function isShape(found: ModuleShape | FindingText): found is ModuleShape {
  return 'provides' in found;
}

/** Result of {@link checkComposition}. */
export interface CheckedComposition {
  /** Shapes by module id, of the entries whose module was found. */
  readonly shapes: ReadonlyMap<string, ModuleShape>;
  readonly findings: readonly Finding[];
}

/** Checks modules, configuration and connections against the modules' declarations. */
export function checkComposition(
  configuration: RunConfiguration,
  catalogue: ModuleCatalogue,
  source: YamlSource,
): CheckedComposition {
  return new Checker(configuration, catalogue, source).run();
}

class Checker {
  readonly #shapes = new Map<string, ModuleShape>();
  readonly #findings: Finding[] = [];
  readonly #connected = new Set<string>();

  constructor(
    private readonly configuration: RunConfiguration,
    private readonly catalogue: ModuleCatalogue,
    private readonly source: YamlSource,
  ) {}

  run(): CheckedComposition {
    const { modules } = this.configuration;
    const probes: ModuleEntry[] = [];
    for (const entry of modules) {
      // A missing or malformed name was reported with the structure.
      if (entry.module === '') continue;
      const found = this.catalogue.find(entry);
      if (isShape(found)) this.#shapes.set(entry.id, found);
      else if (entry.module === PROBE_MODULE && found.code === 'unknown-module') probes.push(entry);
      else this.#report(['active_modules', entry.id, 'module'], found);
    }
    this.#addProbe(probes);
    for (const entry of modules) {
      const shape = this.#shapes.get(entry.id);
      if (shape !== undefined) this.#checkEntry(entry, shape);
    }
    for (const entry of modules) this.#checkUse(entry);
    return { shapes: this.#shapes, findings: this.#findings };
  }

  #addProbe([probe, ...others]: readonly ModuleEntry[]): void {
    if (probe === undefined) return;
    this.#shapes.set(probe.id, probeShape(probe, this.configuration.modules, this.#shapes));
    for (const { id } of others)
      this.#report(['active_modules', id, 'module'], {
        code: 'several-probes',
        message: `'${probe.id}' is a ${PROBE_MODULE} already`,
        expected: `one ${PROBE_MODULE} in a composition`,
      });
  }

  #checkEntry(entry: ModuleEntry, shape: ModuleShape): void {
    const path = ['active_modules', entry.id];
    this.#checkValues(
      [...path, 'config_module'],
      entry.configModule,
      shape.config,
      `module '${entry.module}'`,
    );
    for (const [id, { config }] of Object.entries(shape.provides))
      this.#checkValues(
        [...path, 'config_implementation', id],
        own(entry.configImplementation, id) ?? {},
        config,
        `implementation '${id}' of module '${entry.module}'`,
      );
    for (const id of Object.keys(entry.configImplementation))
      if (!Object.hasOwn(shape.provides, id))
        this.#unknown(
          [...path, 'config_implementation', id],
          id,
          'implementation',
          shape.provides,
          entry,
          'error',
        );
    for (const id of Object.keys(entry.implementationMapping))
      if (!Object.hasOwn(shape.provides, id))
        this.#unknown(
          [...path, 'mapping', 'implementations', id],
          id,
          'implementation',
          shape.provides,
          entry,
          'warning',
        );
    for (const id of Object.keys(entry.connections))
      if (!Object.hasOwn(shape.requires, id))
        this.#unknown([...path, 'connections', id], id, 'requirement', shape.requires, entry, 'error');
    for (const [id, requirement] of Object.entries(shape.requires))
      this.#checkRequirement(entry, id, requirement, own(entry.connections, id));
  }

  #checkValues(path: YamlPath, values: ConfigValues, parameters: ConfigParameters, what: string): void {
    for (const [name, value] of Object.entries(values)) {
      const parameter = own(parameters, name);
      if (parameter === undefined) {
        // EVerest logs this and goes on without the key, so it is no error here either.
        this.#report([...path, name], {
          at: 'key',
          severity: 'warning',
          code: 'unknown-parameter',
          message: `${what} has no parameter '${name}'; the value is ignored`,
          expected: listOf(Object.keys(parameters), 'no parameters at all'),
          suggestion: nearestName(name, Object.keys(parameters)),
        });
        continue;
      }
      const problem = checkConfigValue(name, parameter, value, this.source.floatText([...path, name]));
      if (problem !== undefined)
        this.#report([...path, name], {
          ...problem,
          // What cannot be read back is a secret, and stays one.
          message: parameter.mutability === 'WriteOnly' ? `'${name}' has a wrong value` : problem.message,
        });
    }
    for (const [name, parameter] of Object.entries(parameters))
      if (parameter.default === undefined && !Object.hasOwn(values, name))
        this.#report(path, {
          at: 'key',
          code: 'missing-parameter',
          message: `parameter '${name}' of ${what} has no value and no default`,
          expected: describeConfigValue(parameter),
        });
  }

  #checkRequirement(
    entry: ModuleEntry,
    id: string,
    { interface: wanted, minConnections, maxConnections }: ModuleShape['requires'][string],
    targets: readonly ImplementationAddress[] | undefined,
  ): void {
    const path = ['active_modules', entry.id, 'connections', id];
    const count = targets?.length ?? 0;
    if (count < minConnections || count > maxConnections)
      if (targets !== undefined || minConnections > 0)
        this.#report(path, {
          at: 'key',
          code: 'connection-count',
          message:
            count === 0
              ? `requirement '${id}' (interface ${wanted}) of '${entry.id}' is not connected`
              : `requirement '${id}' (interface ${wanted}) of '${entry.id}' has ${count} connections`,
          expected: countOf(minConnections, maxConnections),
          suggestion: count === 0 ? this.#providerOf(wanted, entry.id) : undefined,
        });
    const seen = new Set<string>();
    for (const [index, target] of (targets ?? []).entries()) {
      const key = `${target.moduleId}/${target.implementationId}`;
      if (seen.has(key))
        this.#report([...path, index], {
          severity: 'warning',
          code: 'duplicate-connection',
          message: `requirement '${id}' is connected to ${key} more than once`,
          expected: 'each implementation once',
        });
      seen.add(key);
      this.#checkTarget([...path, index], entry, wanted, target);
    }
  }

  #checkTarget(path: YamlPath, entry: ModuleEntry, wanted: string, target: ImplementationAddress): void {
    const { moduleId, implementationId } = target;
    if (moduleId === '' || implementationId === '') return;
    this.#connected.add(moduleId);
    if (!this.configuration.modules.some(({ id }) => id === moduleId)) {
      const ids = this.configuration.modules.map(({ id }) => id);
      this.#report([...path, 'module_id'], {
        code: 'unknown-module-id',
        message: `there is no module '${moduleId}' in this composition`,
        expected: listOf(ids, 'no module at all'),
        suggestion: nearestName(moduleId, ids),
      });
      return;
    }
    if (moduleId === entry.id)
      this.#report([...path, 'module_id'], {
        severity: 'warning',
        code: 'self-connection',
        message: `module '${moduleId}' is connected to itself`,
        expected: 'another module',
      });
    const shape = this.#shapes.get(moduleId);
    if (shape === undefined) return;
    const provided = own(shape.provides, implementationId);
    if (provided === undefined) {
      const fitting = Object.keys(shape.provides).filter((id) => shape.provides[id]?.interface === wanted);
      this.#report([...path, 'implementation_id'], {
        code: 'unknown-implementation',
        message: `module '${moduleId}' (${shape.module}) provides no implementation '${implementationId}'`,
        expected: listOf(Object.keys(shape.provides), 'nothing, since it provides none'),
        suggestion: fitting[0] ?? nearestName(implementationId, Object.keys(shape.provides)),
      });
      return;
    }
    if (provided.interface !== wanted)
      this.#report(path, {
        code: 'interface-mismatch',
        message: `${moduleId}/${implementationId} is a ${provided.interface}`,
        expected: `a ${wanted}`,
        suggestion: this.#providerOf(wanted, entry.id),
      });
  }

  #checkUse(entry: ModuleEntry): void {
    const shape = this.#shapes.get(entry.id);
    if (shape === undefined || this.#connected.has(entry.id)) return;
    // A module that neither serves nor uses anybody has no effect on the others.
    if (Object.keys(entry.connections).length > 0 || Object.keys(shape.provides).length === 0) return;
    this.#report(['active_modules', entry.id], {
      at: 'key',
      severity: 'warning',
      code: 'unused-module',
      message: `no module is connected to '${entry.id}'`,
      expected: 'a connection to it, or no such module',
    });
  }

  #providerOf(wanted: string, consumer: string): string | undefined {
    for (const [id, shape] of this.#shapes)
      for (const [implementation, provided] of Object.entries(shape.provides))
        if (provided.interface === wanted && id !== consumer) return `${id}/${implementation}`;
    return undefined;
  }

  #unknown(
    path: YamlPath,
    name: string,
    kind: string,
    known: object,
    entry: ModuleEntry,
    severity: 'error' | 'warning',
  ): void {
    this.#report(path, {
      at: 'key',
      severity,
      code: `unknown-${kind}`,
      message: `module '${entry.module}' has no ${kind} '${name}'`,
      expected: listOf(Object.keys(known), `no ${kind} at all`),
      suggestion: nearestName(name, Object.keys(known)),
    });
  }

  #report(path: YamlPath, text: FindingText): void {
    // What is missing is reported at the key of what it is missing from.
    const place = text.at === 'key' ? existing(this.source.value, path) : path;
    this.#findings.push(this.source.finding(place, text));
  }
}

/** The longest beginning of `path` that is in the data. */
function existing(value: Json, path: YamlPath): YamlPath {
  let present: Json | undefined = value;
  for (const [depth, step] of path.entries()) {
    if (typeof present !== 'object' || present === null || !Object.hasOwn(present, step))
      return path.slice(0, depth);
    present = (present as { readonly [step: string | number]: Json })[step];
  }
  return path;
}

function listOf(names: readonly string[], none: string): string {
  return names.length === 0 ? none : `one of ${names.join(', ')}`;
}

function countOf(min: number, max: number): string {
  if (min === max) return `${min} connection${min === 1 ? '' : 's'}`;
  return `${min} to ${max} connections`;
}
