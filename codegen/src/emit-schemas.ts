// SPDX-License-Identifier: Apache-2.0
import {
  isJsonArray,
  isJsonObject,
  parseTypeReference,
  type Json,
  type JsonObject,
  type SpecSet,
  type TypeFileModel,
} from '@carabiner/dialect';
import { FORMAT_CHECKS, isInherited } from './check-names.js';
import { CheckWriter } from './check-writer.js';
import { checkName, importNames } from './emit-checks.js';
import { stringEnum } from './emit-types.js';
import { header } from './header.js';
import { identifier } from './identifiers.js';
import { Namespaces, relative, type Layout } from './layout.js';
import { bracketed, indentLines, propertyKey, quote } from './source-text.js';

/** Keywords that have a zod equivalent of the same meaning, by type; 'type' and prose apart. */
const KNOWN: { readonly [type: string]: readonly string[] } = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['enum', 'minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  null: [],
};
const NEUTRAL = ['type', 'description', 'title', 'examples', 'default', '$comment'];

/** `schemas/<file>.ts`: a zod schema for each type, of the same opinion as its check. */
export function emitSchemas(model: TypeFileModel, specs: SpecSet, layout: Layout): string {
  const writer = new ZodWriter(model, specs);
  const declarations = inDependencyOrder(model).map(([type, schema]) => writer.declaration(type, schema));
  const { used } = writer;
  const here = 'schemas';
  const imports = [
    "import * as z from 'zod';\n",
    ...(used.length === 0 ? [] : [importNames(used, relative(here, 'validation.js'))]),
    ...(declarations.length === 0
      ? []
      : [`import type * as types from '${layout.specifier('types', model.name, here)}';\n`]),
    ...writer.namespaces
      .entries()
      .map(([file, alias]) => `import * as ${alias} from '${layout.specifier('schemas', file, here)}';\n`),
    ...writer.checkNamespaces
      .entries()
      .map(
        ([file, alias]) => `import * as ${alias} from '${layout.specifier('checks/types', file, here)}';\n`,
      ),
  ];
  if (declarations.length === 0) return `${header(`types/${model.name}.yaml`, model.source)}\nexport {};\n`;
  const integer = writer.usesInteger
    ? ["const integer = z.number().refine(Number.isInteger, 'expected an integer');\n"]
    : [];
  return [
    header(`types/${model.name}.yaml`, model.source) + imports.join(''),
    ...integer,
    ...writer.functions,
    ...declarations,
  ].join('\n');
}

class ZodWriter {
  readonly #used = new Set<string>();
  readonly namespaces: Namespaces;
  usesInteger = false;
  /** Functions that the schemas call. */
  readonly functions: string[] = [];
  readonly checkNamespaces: Namespaces;
  readonly #checks: CheckWriter;
  readonly #model: TypeFileModel;
  readonly #specs: SpecSet;
  readonly #declared = new Set<string>();

  constructor(model: TypeFileModel, specs: SpecSet) {
    this.#model = model;
    this.#specs = specs;
    const names = new Set(['z', 'types', 'integer', ...Object.keys(model.types).map(schemaName)]);
    this.namespaces = new Namespaces(names);
    this.checkNamespaces = new Namespaces(names, '_checks');
    this.#checks = new CheckWriter(
      (file, type) => `${this.checkNamespaces.alias(file)}.${checkName(type)}`,
      names,
    );
  }

  /** Functions of the validation module that the code uses, sorted. */
  get used(): string[] {
    return [...new Set([...this.#used, ...this.#checks.used])].sort();
  }

  declaration(type: string, schema: JsonObject): string {
    const name = schemaName(type);
    const head = `export const ${name}: z.ZodType<types.${identifier(type)}> =`;
    const text = this.#schema(schema, head.length + 1);
    this.#declared.add(type);
    return `${head} ${text};\n`;
  }

  #schema(schema: Json, column = 0): string {
    if (schema === false) return 'z.never()';
    if (!isJsonObject(schema)) return 'z.unknown()';
    const reference = typeof schema['$ref'] === 'string' ? parseTypeReference(schema['$ref']) : undefined;
    if (reference !== undefined) return this.#reference(reference.file, reference.type);
    const { type } = schema;
    const constrained = Object.keys(schema).some(
      (keyword) => !NEUTRAL.includes(keyword) && !keyword.startsWith('x-'),
    );
    if (isJsonArray(type) && !constrained) {
      return bracketed(
        'z.union([',
        type.map((name) => this.#schema({ type: name })),
        '])',
        { column },
      );
    }
    if (typeof type !== 'string')
      return constrained || type !== undefined ? this.#custom(schema) : 'z.unknown()';
    if (!this.#hasEquivalent(schema, type)) return this.#custom(schema);
    switch (type) {
      case 'object':
        return this.#object(schema);
      case 'array':
        return this.#array(schema, column);
      case 'string':
        return this.#text(schema, column);
      case 'integer':
        this.usesInteger = true;
        return `integer${bounds(schema)}`;
      case 'number':
        return `z.number()${bounds(schema)}`;
      default:
        return `z.${type}()`;
    }
  }

  #hasEquivalent(schema: JsonObject, type: string): boolean {
    const { properties, required, additionalProperties, items } = schema;
    const names = isJsonObject(properties) ? Object.keys(properties) : [];
    return (
      Object.keys(schema).every(
        (keyword) =>
          NEUTRAL.includes(keyword) || keyword.startsWith('x-') || KNOWN[type]?.includes(keyword) === true,
      ) &&
      !isJsonObject(additionalProperties) &&
      !isJsonArray(items) &&
      (schema['enum'] === undefined || stringEnum(schema) !== undefined) &&
      (!isJsonArray(required) ||
        required.every((name) => typeof name === 'string' && names.includes(name))) &&
      // zod reads what every object inherits like a member of its own.
      !names.some(isInherited) &&
      // An undefined member would count as present for zod.
      (isJsonObject(properties) ? Object.values(properties) : []).every(isJsonObject)
    );
  }

  #reference(file: string, type: string): string {
    const name = schemaName(type);
    if (file === this.#model.name) {
      return this.#declared.has(type) ? name : `z.lazy(() => ${name})`;
    }
    const target = this.#specs.typeFile(file);
    const cyclic = target !== undefined && this.#specs.typeFilesOf(target).includes(this.#model.name);
    const text = `${this.namespaces.alias(file)}.${name}`;
    return cyclic ? `z.lazy(() => ${text})` : text;
  }

  #object(schema: JsonObject): string {
    const required = isJsonArray(schema['required']) ? schema['required'] : [];
    const members = Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {}).map(
      ([name, property]) => {
        const text = this.#schema(property, name.length + 4);
        const optional = required.includes(name) ? text : `${text}.exactOptional()`;
        return `${propertyKey(name)}: ${indentLines(optional, '  ').trimStart()}`;
      },
    );
    const kind = schema['additionalProperties'] === false ? 'strictObject' : 'looseObject';
    if (members.length === 0) return `z.${kind}({})`;
    return `z.${kind}({\n${members.map((member) => `  ${member},\n`).join('')}})`;
  }

  #array(schema: JsonObject, column: number): string {
    const { items, minItems, maxItems } = schema;
    let text = `z.array(${this.#schema(items ?? true, column + 8)})`;
    if (typeof minItems === 'number') text += `.min(${minItems})`;
    if (typeof maxItems === 'number') text += `.max(${maxItems})`;
    return text;
  }

  #text(schema: JsonObject, column: number): string {
    const values = stringEnum(schema);
    const { minLength, maxLength, pattern, format } = schema;
    let text =
      values === undefined ? 'z.string()' : bracketed('z.enum([', values.map(quote), '])', { column });
    const least = typeof minLength === 'number' ? minLength : 0;
    const most = typeof maxLength === 'number' ? maxLength : undefined;
    if (least > 0 || most !== undefined) {
      this.#used.add('hasLength');
      const args = most === undefined ? `${least}` : `${least}, ${most}`;
      const range =
        most === undefined ? `at least ${least}` : least === 0 ? `at most ${most}` : `${least} to ${most}`;
      text += `.refine(hasLength(${args}), 'expected ${range} characters')`;
    }
    if (typeof pattern === 'string') {
      const expression = `/${new RegExp(pattern, 'u').source}/u`;
      text +=
        values === undefined
          ? `.regex(${expression})`
          : `.refine((text) => ${expression}.test(text), ${quote(`expected a text that matches ${pattern}`)})`;
    }
    const check = typeof format === 'string' ? FORMAT_CHECKS[format] : undefined;
    if (check !== undefined) {
      this.#used.add(check);
      text += `.refine(${check}, ${quote(`expected a ${typeof format === 'string' ? format : ''}`)})`;
    }
    return text;
  }

  /** What zod cannot say, or says with another meaning, is decided by straight-line code. */
  #custom(schema: JsonObject): string {
    const name = this.#checks.free('isCustom');
    this.functions.push(this.#checks.function(name, schema));
    return `z.custom<never>(${name})`;
  }
}

/** The zod schema of a named type. */
export function schemaName(type: string): string {
  return `${identifier(type)}Schema`;
}

function bounds(schema: JsonObject): string {
  let text = '';
  for (const [keyword, method] of [
    ['minimum', 'min'],
    ['exclusiveMinimum', 'gt'],
    ['maximum', 'max'],
    ['exclusiveMaximum', 'lt'],
  ] as const) {
    const bound = schema[keyword];
    if (typeof bound === 'number') text += `.${method}(${bound})`;
  }
  return text;
}

/** Types after those they refer to, else in the order of the file. */
function inDependencyOrder(model: TypeFileModel): [string, JsonObject][] {
  const ordered: [string, JsonObject][] = [];
  const visited = new Set<string>();
  const visit = (type: string): void => {
    const schema = model.types[type];
    if (schema === undefined || visited.has(type)) return;
    visited.add(type);
    for (const reference of model.references) {
      if (reference.path[1] === type && reference.file === model.name) visit(reference.type);
    }
    ordered.push([type, schema]);
  };
  for (const type of Object.keys(model.types)) visit(type);
  return ordered;
}
