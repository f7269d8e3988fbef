// SPDX-License-Identifier: Apache-2.0
import {
  isJsonArray,
  isJsonObject,
  parseTypeReference,
  type InterfaceModel,
  type Json,
  type JsonObject,
  type TypeFileModel,
} from '@carabiner/dialect';
import { parseDeclarations, type TypeExpression, type TypeMember } from './type-expression.js';

/** Keywords that decide about the TypeScript type. */
const SHAPE_KEYWORDS: readonly string[] = ['type', 'enum', 'const', 'required', 'allOf', 'anyOf', 'oneOf'];

/** A named type of the specifications. */
export interface BundledType {
  readonly file: string;
  readonly type: string;
}

/** What stands for a type that is declared elsewhere. */
const ELSEWHERE: JsonObject = { type: 'object', additionalProperties: false };

/**
 * The TypeScript types of all schemas, made by json-schema-to-typescript from one bundle: every named type, and for each
 * interface its variables, the arguments and the results of its commands. A bundle that is updated compiles only what
 * changed.
 */
export class TypeBundle {
  readonly #names = new Map<string, string>();
  readonly #types = new Map<string, BundledType>();
  /** Definitions of the update that is going on. */
  #definitions = new Map<string, Json>();
  /** Definitions as text that {@link TypeBundle.#declarations} were made of. */
  readonly #compiled = new Map<string, string>();
  readonly #declarations = new Map<string, TypeExpression>();

  /** @throws Error when json-schema-to-typescript refuses a schema */
  async update(typeFiles: readonly TypeFileModel[], interfaces: readonly InterfaceModel[]): Promise<void> {
    this.#definitions = new Map();
    for (const { name: file, types } of typeFiles) {
      for (const [type, schema] of Object.entries(types)) {
        if (referenceOf(schema) === undefined) {
          this.#definitions.set(this.#name({ file, type }), this.#shape(schema));
        }
      }
    }
    for (const model of interfaces) this.#addInterface(model);
    const changed = [...this.#definitions]
      .map(([name, shape]) => ({ name, shape, text: JSON.stringify(shape) }))
      .filter(({ name, text }) => this.#compiled.get(name) !== text);
    if (changed.length === 0) return;
    const definitions: Record<string, Json> = Object.fromEntries(
      changed.map(({ name, shape }) => [name, shape]),
    );
    for (const { text } of changed) {
      for (const [, name = ''] of text.matchAll(/"#\/definitions\/(\w+)"/g)) definitions[name] ??= ELSEWHERE;
    }
    const { compile } = await import('json-schema-to-typescript');
    const root = { type: 'object', additionalProperties: false, definitions };
    const code = await compile(root as Parameters<typeof compile>[0], 'Root', {
      additionalProperties: false,
      bannerComment: '',
      format: false,
      ignoreMinAndMaxItems: true,
      unreachableDefinitions: true,
    });
    const declarations = parseDeclarations(code);
    for (const { name, text } of changed) {
      this.#compiled.set(name, text);
      this.#declarations.set(name, declarations.get(name) ?? { kind: 'word', text: 'unknown' });
    }
  }

  /** The named type behind a name of the bundle; undefined when it is no such name. */
  typeOf(bundleName: string): BundledType | undefined {
    return this.#types.get(bundleName);
  }

  /** The declaration of a named type. A type that is a mere reference to another is that other's name. */
  declaration(file: string, type: string, schema: JsonObject): TypeExpression {
    const reference = referenceOf(schema);
    if (reference !== undefined) return { kind: 'word', text: this.#name(reference) };
    return this.#declarations.get(this.#name({ file, type })) ?? { kind: 'word', text: 'unknown' };
  }

  /** The variables of an interface with their types. */
  variables(interfaceName: string): readonly TypeMember[] {
    return this.#members(`V_${interfaceName}`);
  }

  /** The arguments of a command with their types. */
  arguments(interfaceName: string, command: string): readonly TypeMember[] {
    const type = this.#members(`A_${interfaceName}`).find((member) => member.name === command)?.type;
    return type?.kind === 'object' ? type.members : [];
  }

  /** The type of a command's result; undefined when it has none. */
  result(interfaceName: string, command: string): TypeExpression | undefined {
    return this.#members(`R_${interfaceName}`).find((member) => member.name === command)?.type;
  }

  #members(key: string): readonly TypeMember[] {
    const declared = this.#declarations.get(this.#names.get(key) ?? '');
    return declared?.kind === 'object' ? declared.members : [];
  }

  #addInterface({ name, commands, variables }: InterfaceModel): void {
    const entries = Object.entries(commands);
    const put = (key: string, schemas: readonly (readonly [string, Json])[]): void => {
      const bundleName = this.#names.get(key) ?? `I${this.#names.size}X`;
      this.#names.set(key, bundleName);
      this.#definitions.set(bundleName, closedObject(schemas));
    };
    const shapes = (schemas: JsonObject): [string, Json][] =>
      Object.entries(schemas).map(([key, schema]) => [key, this.#shape(schema)]);
    put(`V_${name}`, shapes(variables));
    put(
      `A_${name}`,
      entries.map(([command, model]) => [command, closedObject(shapes(model.arguments))]),
    );
    put(
      `R_${name}`,
      entries.flatMap(([command, { result }]) =>
        result === undefined ? [] : [[command, this.#shape(result)]],
      ),
    );
  }

  #name(type: BundledType): string {
    const key = `T_${type.file}#${type.type}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      // Neither digits at the end nor letters that the generator would change.
      name = `T${this.#names.size}X`;
      this.#names.set(key, name);
      this.#types.set(name, type);
    }
    return name;
  }

  /** A schema reduced to what its TypeScript type depends on. */
  #shape(schema: Json | undefined): Json {
    if (!isJsonObject(schema)) return {};
    const reference = referenceOf(schema);
    if (reference !== undefined) return { $ref: `#/definitions/${this.#name(reference)}` };
    const shape: Record<string, Json> = {};
    for (const keyword of SHAPE_KEYWORDS) {
      const value = schema[keyword];
      if (value === undefined) continue;
      shape[keyword] =
        isJsonArray(value) && keyword.endsWith('Of') ? value.map((part) => this.#shape(part)) : value;
    }
    const properties = Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {});
    if (properties.length > 0) {
      shape['properties'] = Object.fromEntries(properties.map(([key, value]) => [key, this.#shape(value)]));
    }
    if (takesObjects(schema)) shape['additionalProperties'] = this.#additional(schema, properties.length);
    // A list of item schemas says nothing about the length: no tuple.
    if (isJsonObject(schema['items'])) shape['items'] = this.#shape(schema['items']);
    return shape;
  }

  /** What an object may hold besides its properties. An object that merely allows more gets no index signature. */
  #additional(schema: JsonObject, properties: number): Json {
    const more = schema['additionalProperties'];
    if (schema['patternProperties'] !== undefined) return true;
    // Beside properties an index signature would have to take their types as well.
    if (isJsonObject(more)) return properties > 0 ? true : this.#shape(more);
    return more === undefined ? properties === 0 : more;
  }
}

function closedObject(properties: readonly (readonly [string, Json])[]): JsonObject {
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
    required: properties.map(([key]) => key),
  };
}

function referenceOf(schema: JsonObject): BundledType | undefined {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? parseTypeReference(reference) : undefined;
}

function takesObjects({ type, properties }: JsonObject): boolean {
  return type === 'object' || (isJsonArray(type) && type.includes('object')) || properties !== undefined;
}
