// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.js';
import { isJsonObject, kindOf, shown, type JsonObject } from './json.js';
import { MapChecker } from './map-checker.js';
import { ERROR_FILE_NAME, ERROR_NAME, NAME, type NameRule } from './names.js';
import { SchemaChecker, type PlacedReference, type SchemaRole } from './schema-checker.js';
import { ERROR_REFERENCE_FORM, parseErrorReference, type ErrorReference } from './schema-reference.js';
import type { YamlSource } from './yaml-source.js';

/** Schemas by name, in the order of the file. */
export interface Schemas {
  readonly [name: string]: JsonObject;
}

/** A command of an interface. */
export interface CommandModel {
  readonly description: string;
  readonly arguments: Schemas;
  /** undefined for a command that returns nothing. */
  readonly result: JsonObject | undefined;
}

/** An entry of `errors`, with its place in the list. */
export interface PlacedErrorReference extends ErrorReference {
  readonly index: number;
}

/** `interfaces/<name>.yaml` */
export interface InterfaceModel {
  readonly name: string;
  readonly description: string;
  readonly commands: { readonly [command: string]: CommandModel };
  readonly variables: Schemas;
  readonly errors: readonly PlacedErrorReference[];
  readonly references: readonly PlacedReference[];
  readonly source: YamlSource;
}

/** `types/<file>.yaml` */
export interface TypeFileModel {
  readonly name: string;
  readonly description: string;
  readonly types: Schemas;
  readonly references: readonly PlacedReference[];
  readonly source: YamlSource;
}

/** `errors/<namespace>.yaml` */
export interface ErrorFileModel {
  /** The file's name, which is the namespace of its errors. */
  readonly name: string;
  readonly description: string;
  /** Descriptions by name, in the order of the file. */
  readonly errors: { readonly [error: string]: string };
  readonly source: YamlSource;
}

/** A file's model with all that is wrong in it. Use it only when none of the findings is an error. */
export interface SpecResult<Model> {
  readonly model: Model;
  readonly findings: readonly Finding[];
}

/** Checks an interface file. */
export function checkInterface(source: YamlSource, name: string): SpecResult<InterfaceModel> {
  const { root, findings } = open(source, 'an interface file');
  root.onlyKeys(['description', 'cmds', 'vars', 'errors'], 'an interface file');
  checkFileName(root, name, NAME, 'an interface');
  const schemas = new SchemaChecker(source, findings);
  const commands = root
    .map('cmds')
    .entries(NAME, 'a command')
    .map(([command, entry]) => [command, readCommand(entry, schemas)] as const);
  const model: InterfaceModel = {
    name,
    description: root.text('description'),
    commands: Object.fromEntries(commands),
    variables: readSchemas(root.map('vars'), schemas, 'variable'),
    errors: readErrorReferences(root),
    references: schemas.references,
    source,
  };
  return { model, findings };
}

/** Checks a type file. */
export function checkTypeFile(source: YamlSource, name: string): SpecResult<TypeFileModel> {
  const { root, findings } = open(source, 'a type file');
  root.onlyKeys(['description', 'types'], 'a type file');
  checkFileName(root, name, NAME, 'a type file');
  const schemas = new SchemaChecker(source, findings);
  const model: TypeFileModel = {
    name,
    description: root.text('description'),
    types: readSchemas(root.map('types'), schemas, 'type'),
    references: schemas.references,
    source,
  };
  return { model, findings };
}

/** Checks an error file. */
export function checkErrorFile(source: YamlSource, name: string): SpecResult<ErrorFileModel> {
  const { root, findings } = open(source, 'an error file');
  root.onlyKeys(['description', 'errors'], 'an error file');
  checkFileName(root, name, ERROR_FILE_NAME, 'an error file');
  const errors: Record<string, string> = {};
  for (const [index, value] of root.list('errors').entries()) {
    const entry = new MapChecker(source, ['errors', index], value, findings, { what: 'an error' });
    if (!isJsonObject(value)) continue;
    entry.onlyKeys(['name', 'description'], 'an error');
    const error = entry.text('name', { rule: ERROR_NAME });
    const description = entry.text('description');
    if (Object.hasOwn(errors, error)) {
      entry.report(['name'], { code: 'duplicate-error', message: `error '${error}' is declared twice` });
    } else if (error !== '') {
      errors[error] = description;
    }
  }
  return { model: { name, description: root.text('description'), errors, source }, findings };
}

function open(source: YamlSource, what: string): { root: MapChecker; findings: Finding[] } {
  const findings = [...source.findings];
  if (source.value === null) {
    // The reader has said why, or the file is empty.
    if (findings.length === 0) {
      findings.push(
        source.finding([], {
          code: 'empty-file',
          message: 'the file is empty',
          expected: `${what} with a description`,
        }),
      );
    }
    return { root: new MapChecker(source, [], {}, [], { what }), findings };
  }
  return { root: new MapChecker(source, [], source.value, findings, { what }), findings };
}

function checkFileName(root: MapChecker, name: string, rule: NameRule, kind: string): void {
  if (rule.pattern.test(name)) return;
  root.report([], {
    code: 'bad-name',
    message: `'${name}' cannot be the name of ${kind}`,
    expected: rule.what,
  });
}

function readCommand(entry: MapChecker, schemas: SchemaChecker): CommandModel {
  entry.onlyKeys(['description', 'arguments', 'result'], 'a command');
  const result = entry.value['result'];
  if (isJsonObject(result)) schemas.check([...entry.path, 'result'], result, 'result');
  else if (result !== undefined) {
    entry.report(['result'], {
      code: 'wrong-type',
      message: `'result' is ${kindOf(result)}`,
      expected: 'a schema',
    });
  }
  return {
    description: entry.text('description'),
    arguments: readSchemas(entry.map('arguments'), schemas, 'argument'),
    result: isJsonObject(result) ? result : undefined,
  };
}

function readSchemas(map: MapChecker, schemas: SchemaChecker, role: SchemaRole): Schemas {
  return Object.fromEntries(
    map.entries(NAME, `a${role === 'argument' ? 'n' : ''} ${role}`).map(([name, entry]) => {
      if (isJsonObject(map.value[name])) schemas.check(entry.path, entry.value, role);
      return [name, entry.value];
    }),
  );
}

function readErrorReferences(root: MapChecker): PlacedErrorReference[] {
  const result: PlacedErrorReference[] = [];
  for (const [index, value] of root.list('errors').entries()) {
    const entry = new MapChecker(root.source, ['errors', index], value, root.findings, {
      what: 'an error reference',
    });
    if (!isJsonObject(value)) continue;
    entry.onlyKeys(['reference'], 'an error reference');
    const text = entry.text('reference');
    const reference = parseErrorReference(text);
    if (reference !== undefined) result.push({ ...reference, index });
    else if (text !== '') {
      entry.report(['reference'], {
        code: 'malformed-reference',
        message: `${shown(text)} is not a reference to errors`,
        expected: ERROR_REFERENCE_FORM,
      });
    }
  }
  return result;
}
