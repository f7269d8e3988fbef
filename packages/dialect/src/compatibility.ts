// SPDX-License-Identifier: Apache-2.0
import { verdictsOf, type Change, type ChangeKind, type Direction, type Verdict } from './change.js';
import { compareText, formatPath } from './finding.js';
import { isJsonArray, isJsonObject, members, type Json, type JsonObject } from './json.js';
import { compareSchemas, type SchemaLookup } from './schema-changes.js';
import { parseTypeReference } from './schema-reference.js';
import type { SpecSet } from './spec-set.js';

/** A version of an interface as plain data, as generated descriptors carry it. */
export interface InterfaceVersion {
  readonly name: string;
  /** `cmds` and `vars` as the interface file has them. */
  readonly definition: Json;
  /** The type files it refers to: `/<file>` → type → schema. */
  readonly types: TypeVersions;
  /** Types of the errors it lists: `<namespace>/<Name>`. */
  readonly errors: readonly string[];
}

/** Type files as plain data: `/<file>` → type → schema. */
export interface TypeVersions {
  readonly [file: string]: { readonly [type: string]: Json };
}

/**
 * Compares two versions of one interface, with the types that they use.
 *
 * To see whether a consumer written for version A can use a provider written for version B, compare A with B and look at
 * the verdicts for consumers.
 */
export function compareInterfaces(before: InterfaceVersion, after: InterfaceVersion): Change[] {
  // Each version carries only the files it refers to, so a type that is missing says nothing.
  return compareVersions(
    { interfaces: [before], types: before.types },
    { interfaces: [after], types: after.types },
    'used',
  );
}

/** Compares two sets of specifications: every interface, type and error. */
export function compareSpecs(before: SpecSet, after: SpecSet): Change[] {
  return compareVersions(versionsOf(before), versionsOf(after), 'all');
}

interface Versions {
  readonly interfaces: readonly InterfaceVersion[];
  readonly types: TypeVersions;
}

function versionsOf(specs: SpecSet): Versions {
  const types = Object.fromEntries(
    specs.names('types').map((name) => [`/${name}`, specs.typeFile(name)?.types ?? {}]),
  );
  const interfaces = specs.names('interfaces').flatMap((name) => {
    const model = specs.interface(name);
    if (model === undefined) return [];
    const cmds = Object.fromEntries(
      Object.entries(model.commands).map(([command, { arguments: schemas, result }]) => [
        command,
        { arguments: schemas, ...(result === undefined ? {} : { result }) },
      ]),
    );
    const errors = specs.errorsOf(model).map(({ type }) => type);
    return [{ name, definition: { cmds, vars: model.variables }, types, errors }];
  });
  return { interfaces, types };
}

/** Which types are compared: all, or those that both versions have and an interface uses. */
type Scope = 'all' | 'used';

function compareVersions(before: Versions, after: Versions, scope: Scope): Change[] {
  const changes = new VersionComparison(before, after).run(scope);
  return changes.sort(
    (a, b) =>
      compareText(a.file, b.file) ||
      compareText(a.path, b.path) ||
      compareText(a.kind, b.kind) ||
      compareText(a.message, b.message),
  );
}

class VersionComparison {
  readonly #before: Versions;
  readonly #after: Versions;
  readonly #changes: Change[] = [];
  readonly #lookupBefore: SchemaLookup;
  readonly #lookupAfter: SchemaLookup;

  constructor(before: Versions, after: Versions) {
    this.#before = before;
    this.#after = after;
    this.#lookupBefore = (file, type) => before.types[`/${file}`]?.[type];
    this.#lookupAfter = (file, type) => after.types[`/${file}`]?.[type];
  }

  run(scope: Scope): Change[] {
    const [old, now] = [byName(this.#before.interfaces), byName(this.#after.interfaces)];
    for (const [name, version] of now) {
      const previous = old.get(name);
      if (previous !== undefined) this.#interface(previous, version);
      else this.#add(`interfaces/${name}`, '', 'interface-added', `interface '${name}' added`);
    }
    for (const name of old.keys()) {
      if (now.has(name)) continue;
      this.#add(
        `interfaces/${name}`,
        '',
        'interface-removed',
        `interface '${name}' removed`,
        'breaking',
        'breaking',
      );
    }
    this.#types(scope);
    return this.#changes;
  }

  #interface(old: InterfaceVersion, now: InterfaceVersion): void {
    const file = `interfaces/${now.name}`;
    const [oldCommands, nowCommands] = [memberMap(old.definition, 'cmds'), memberMap(now.definition, 'cmds')];
    for (const [command, definition] of Object.entries(nowCommands)) {
      const previous = oldCommands[command];
      if (previous !== undefined) this.#command(file, command, previous, definition);
      else this.#add(file, `cmds.${command}`, 'command-added', `command '${command}' added`, 'breaking');
    }
    for (const command of Object.keys(oldCommands)) {
      if (nowCommands[command] !== undefined) continue;
      this.#add(
        file,
        `cmds.${command}`,
        'command-removed',
        `command '${command}' removed`,
        'compatible',
        'breaking',
      );
    }
    const [oldVariables, nowVariables] = [
      memberMap(old.definition, 'vars'),
      memberMap(now.definition, 'vars'),
    ];
    for (const [variable, schema] of Object.entries(nowVariables)) {
      const previous = oldVariables[variable];
      if (previous !== undefined) this.#schema(file, ['vars', variable], previous, schema, 'output');
      else this.#add(file, `vars.${variable}`, 'variable-added', `variable '${variable}' added`);
    }
    for (const variable of Object.keys(oldVariables)) {
      if (nowVariables[variable] !== undefined) continue;
      const message = `variable '${variable}' removed`;
      this.#add(file, `vars.${variable}`, 'variable-removed', message, 'breaking', 'breaking');
    }
    for (const error of now.errors.filter((type) => !old.errors.includes(type))) {
      this.#add(file, 'errors', 'error-added', `error '${error}' added`);
    }
    for (const error of old.errors.filter((type) => !now.errors.includes(type))) {
      this.#add(file, 'errors', 'error-removed', `error '${error}' removed`, 'breaking');
    }
  }

  #command(file: string, command: string, old: Json, now: Json): void {
    const [oldArguments, nowArguments] = [memberMap(old, 'arguments'), memberMap(now, 'arguments')];
    const path = ['cmds', command];
    for (const [argument, schema] of Object.entries(nowArguments)) {
      const previous = oldArguments[argument];
      const at = [...path, 'arguments', argument];
      if (previous !== undefined) this.#schema(file, at, previous, schema, 'input');
      else this.#addBreaking(file, at, 'argument-added', `argument '${argument}' of '${command}' added`);
    }
    for (const argument of Object.keys(oldArguments)) {
      if (nowArguments[argument] !== undefined) continue;
      const at = [...path, 'arguments', argument];
      this.#addBreaking(file, at, 'argument-removed', `argument '${argument}' of '${command}' removed`);
    }
    const [oldResult, nowResult] = [resultOf(old), resultOf(now)];
    const at = [...path, 'result'];
    if (oldResult !== undefined && nowResult !== undefined)
      this.#schema(file, at, oldResult, nowResult, 'output');
    else if (nowResult !== undefined)
      this.#addBreaking(file, at, 'result-added', `'${command}' has a result now`);
    else if (oldResult !== undefined) {
      this.#addBreaking(file, at, 'result-removed', `'${command}' has no result any more`);
    }
  }

  #types(scope: Scope): void {
    const usage = this.#usage();
    for (const [file, types] of Object.entries(this.#after.types)) {
      const label = `types${file}`;
      for (const [type, schema] of Object.entries(types)) {
        const previous = this.#before.types[file]?.[type];
        if (scope === 'used' && (previous === undefined || !usage.has(`${file}#/${type}`))) continue;
        if (previous === undefined) this.#add(label, `types.${type}`, 'type-added', `type '${type}' added`);
        else {
          // A type that no interface uses may be used by anybody for anything.
          const directions = usage.get(`${file}#/${type}`) ?? new Set<Direction>(['input', 'output']);
          this.#schema(label, ['types', type], previous, schema, directions);
        }
      }
    }
    if (scope === 'used') return;
    for (const [file, types] of Object.entries(this.#before.types)) {
      for (const type of Object.keys(types)) {
        if (this.#after.types[file]?.[type] !== undefined) continue;
        this.#addBreaking(`types${file}`, ['types', type], 'type-removed', `type '${type}' removed`);
      }
    }
  }

  /** In which directions the values of each type flow, in either version. */
  #usage(): ReadonlyMap<string, Set<Direction>> {
    const usage = new Map<string, Set<Direction>>();
    const visit = (schema: Json | undefined, direction: Direction, lookup: SchemaLookup): void => {
      if (isJsonArray(schema)) for (const item of schema) visit(item, direction, lookup);
      if (!isJsonObject(schema)) return;
      const reference = typeof schema['$ref'] === 'string' ? parseTypeReference(schema['$ref']) : undefined;
      if (reference === undefined) {
        for (const value of Object.values(schema)) visit(value, direction, lookup);
        return;
      }
      const key = `/${reference.file}#/${reference.type}`;
      const directions = usage.get(key) ?? new Set();
      if (directions.has(direction)) return;
      usage.set(key, directions.add(direction));
      visit(lookup(reference.file, reference.type), direction, lookup);
    };
    for (const [versions, lookup] of [
      [this.#before, this.#lookupBefore],
      [this.#after, this.#lookupAfter],
    ] as const) {
      // The two versions may lead from the same type to different ones.
      const seen = new Map(usage);
      usage.clear();
      for (const { definition } of versions.interfaces) {
        for (const command of Object.values(memberMap(definition, 'cmds'))) {
          visit(memberMap(command, 'arguments'), 'input', lookup);
          visit(resultOf(command), 'output', lookup);
        }
        visit(memberMap(definition, 'vars'), 'output', lookup);
      }
      for (const [key, directions] of seen) {
        usage.set(key, new Set([...directions, ...(usage.get(key) ?? [])]));
      }
    }
    return usage;
  }

  #schema(
    file: string,
    path: readonly string[],
    before: Json,
    after: Json,
    direction: Direction | ReadonlySet<Direction>,
  ): void {
    const directions = typeof direction === 'string' ? new Set([direction]) : direction;
    for (const change of compareSchemas(before, after, this.#lookupBefore, this.#lookupAfter)) {
      this.#changes.push({
        file,
        path: formatPath([...path, ...change.path]),
        kind: change.kind,
        message: change.message,
        ...verdictsOf(change, directions),
      });
    }
  }

  #addBreaking(file: string, path: readonly string[], kind: ChangeKind, message: string): void {
    this.#add(file, formatPath(path), kind, message, 'breaking', 'breaking');
  }

  #add(
    file: string,
    path: string,
    kind: ChangeKind,
    message: string,
    providers: Verdict = 'compatible',
    consumers: Verdict = 'compatible',
  ): void {
    this.#changes.push({ file, path, kind, message, providers, consumers });
  }
}

function byName(versions: readonly InterfaceVersion[]): ReadonlyMap<string, InterfaceVersion> {
  return new Map(versions.map((version) => [version.name, version]));
}

function memberMap(value: Json, key: string): JsonObject {
  const map = isJsonObject(value) ? value[key] : undefined;
  return Object.fromEntries(members(map));
}

/** The result of a command; undefined when it returns nothing, however that is written. */
function resultOf(command: Json): Json | undefined {
  const result = isJsonObject(command) ? command['result'] : undefined;
  return isJsonObject(result) && result['type'] === 'null' && result['$ref'] === undefined
    ? undefined
    : result;
}
