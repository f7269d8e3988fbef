// SPDX-License-Identifier: Apache-2.0
import {
  isJsonArray,
  isJsonObject,
  type InterfaceModel,
  type Json,
  type JsonObject,
  type Schemas,
  type SpecSet,
  type TypeFileModel,
} from '@carabiner/dialect';
import { VALIDATION_NAMES } from './check-names.js';
import { CheckWriter } from './check-writer.js';
import { header } from './header.js';
import { identifier, pascalCase } from './identifiers.js';
import { Namespaces, relative, type Layout } from './layout.js';
import { literal, memberAccess, propertyKey, quote } from './source-text.js';

/** Keywords that say something to people only. */
const PROSE = ['description', 'title', 'examples', '$comment'];

/** `checks/types/<file>.ts`: a check for each type, and the schemas as data. */
export function emitTypeChecks(model: TypeFileModel, layout: Layout): string {
  const here = 'checks/types';
  const names = new Set(['types', 'schemas', ...Object.keys(model.types).map(checkName)]);
  const namespaces = new Namespaces(names);
  const writer = new CheckWriter(
    (file, type) => (file === model.name ? checkName(type) : `${namespaces.alias(file)}.${checkName(type)}`),
    names,
  );
  const functions = Object.entries(model.types).map(([type, schema]) =>
    writer.function(checkName(type), schema, `types.${identifier(type)}`),
  );
  const used = [...writer.used].sort();
  const imports = [
    ...(functions.length === 0
      ? []
      : [`import type * as types from '${layout.specifier('types', model.name, here)}';\n`]),
    importNames([...used, 'type SchemaFile'], relative(here, 'validation.js')),
    ...namespaceImports(namespaces, layout, here),
  ];
  return [
    header(`types/${model.name}.yaml`, model.source) + imports.join(''),
    `export const schemas: SchemaFile = ${literal(withoutProse(model.types))};\n`,
    ...functions,
  ].join('\n');
}

/** `checks/interfaces/<name>.ts`: validators of every command and variable, and the definition as data. */
export function emitInterfaceChecks(model: InterfaceModel, specs: SpecSet, layout: Layout): string {
  const here = 'checks/interfaces';
  const names = new Set(['commands', 'definition', 'files', 'variables']);
  const namespaces = new Namespaces(names);
  const writer = new CheckWriter((file, type) => `${namespaces.alias(file)}.${checkName(type)}`, names);
  const files = specs.typeFilesOf(model);
  const functions: string[] = [];
  const commands = Object.entries(model.commands).map(([command, { arguments: schemas, result }]) => {
    const name = `is${pascalCase(command)}`;
    functions.push(writer.function(writer.free(`${name}Arguments`), argumentsSchema(schemas)));
    const args = `validator(${writer.last}, argumentsSchema(${memberAccess('definition.cmds', command)}.arguments), files)`;
    if (result === undefined) {
      return `  ${propertyKey(command)}: {\n    args: ${args},\n    result: nothing,\n  },\n`;
    }
    functions.push(writer.function(writer.free(`${name}Result`), result));
    return (
      `  ${propertyKey(command)}: {\n    args: ${args},\n` +
      `    result: validator(${writer.last}, ${memberAccess('definition.cmds', command)}.result, files),\n  },\n`
    );
  });
  const variables = Object.entries(model.variables).map(([variable, schema]) => {
    functions.push(writer.function(writer.free(`is${pascalCase(variable)}`), schema));
    return `  ${propertyKey(variable)}: validator(${writer.last}, ${memberAccess('definition.vars', variable)}, files),\n`;
  });
  for (const file of files) namespaces.alias(file);
  const used = new Set<string>(writer.used);
  if (commands.length > 0) used.add('argumentsSchema');
  if (Object.values(model.commands).some(({ result }) => result === undefined)) used.add('nothing');
  if (commands.length + variables.length > 0) used.add('validator');
  const definition = {
    cmds: Object.fromEntries(
      Object.entries(model.commands).map(([name, command]) => [name, commandDefinition(command)]),
    ),
    vars: withoutProse(model.variables),
    errors: model.errors.map(({ file, error }) => ({
      reference: `/errors/${file}${error === undefined ? '' : `#/${error}`}`,
    })),
  };
  return [
    header(`interfaces/${model.name}.yaml`, model.source) +
      importNames([...[...used].sort(), 'type SchemaFiles'], relative(here, 'validation.js')) +
      namespaceImports(namespaces, layout, here).join(''),
    `export const definition = ${literal(definition)} as const;\n`,
    `export const files: SchemaFiles = {${files.map((file) => `\n  ${quote(`/${file}`)}: ${namespaces.alias(file)}.schemas,`).join('')}${files.length > 0 ? '\n' : ''}};\n`,
    ...functions,
    `export const commands = {${commands.length > 0 ? '\n' : ''}${commands.join('')}};\n`,
    `export const variables = {${variables.length > 0 ? '\n' : ''}${variables.join('')}};\n`,
  ].join('\n');
}

/** The check of a named type. */
export function checkName(type: string): string {
  const name = `is${identifier(type)}`;
  return VALIDATION_NAMES.includes(name) ? `${name}_` : name;
}

/** An import of several names, on one line or on many. */
export function importNames(names: readonly string[], specifier: string): string {
  const line = `import { ${names.join(', ')} } from '${specifier}';\n`;
  if (names.every((name) => name.startsWith('type '))) {
    return importTypes(
      names.map((name) => name.slice(5)),
      specifier,
    );
  }
  return line.length <= 111
    ? line
    : `import {\n${names.map((name) => `  ${name},\n`).join('')}} from '${specifier}';\n`;
}

/** An import of types only. */
export function importTypes(names: readonly string[], specifier: string): string {
  const line = `import type { ${names.join(', ')} } from '${specifier}';\n`;
  return line.length <= 111
    ? line
    : `import type {\n${names.map((name) => `  ${name},\n`).join('')}} from '${specifier}';\n`;
}

/** A schema, or schemas by name, without what is written for people. */
export function withoutProse(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, schema]) => [name, schemaWithoutProse(schema)]),
  );
}

function schemaWithoutProse(schema: Json): Json {
  if (!isJsonObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([keyword]) => !PROSE.includes(keyword));
  return Object.fromEntries(
    kept.map(([keyword, value]) => {
      if (['properties', 'patternProperties', 'dependencies'].includes(keyword) && isJsonObject(value)) {
        return [keyword, withoutProse(value)];
      }
      if (keyword === 'enum' || keyword === 'const' || keyword === 'default') return [keyword, value];
      return [keyword, isJsonArray(value) ? value.map(schemaWithoutProse) : schemaWithoutProse(value)];
    }),
  );
}

function commandDefinition({
  arguments: schemas,
  result,
}: {
  arguments: Schemas;
  result: JsonObject | undefined;
}): Json {
  return {
    arguments: withoutProse(schemas),
    ...(result === undefined ? {} : { result: schemaWithoutProse(result) }),
  };
}

function argumentsSchema(schemas: Schemas): JsonObject {
  return { type: 'object', properties: schemas, required: Object.keys(schemas), additionalProperties: false };
}

function namespaceImports(namespaces: Namespaces, layout: Layout, from: string): string[] {
  return namespaces
    .entries()
    .map(([file, alias]) => `import * as ${alias} from '${layout.specifier('checks/types', file, from)}';\n`);
}
