// SPDX-License-Identifier: Apache-2.0
import {
  isJsonArray,
  isJsonObject,
  parseTypeReference,
  type Finding,
  type InterfaceModel,
  type Json,
  type JsonObject,
  type TypeFileModel,
  type YamlPath,
  type YamlSource,
} from '@carabiner/dialect';
import { MEMBER_PREFIX, parseDeclarations, type TypeExpression, type TypeMember } from './type-expression.js';

/** A named type of the specifications. */
export interface BundledType {
  readonly file: string;
  readonly type: string;
}

/** A schema of the bundle, and where it comes from. */
interface Definition {
  readonly name: string;
  readonly shape: Json;
  /** The shape as text. */
  readonly text: string;
  readonly source: YamlSource;
  readonly path: YamlPath;
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
  #definitions: Definition[] = [];
  /** Definitions as text that {@link TypeBundle.#declarations} were made of. */
  readonly #compiled = new Map<string, string>();
  readonly #declarations = new Map<string, TypeExpression>();

  /** @returns a finding for each schema that json-schema-to-typescript cannot make a type of */
  async update(
    typeFiles: readonly TypeFileModel[],
    interfaces: readonly InterfaceModel[],
  ): Promise<readonly Finding[]> {
    this.#definitions = [];
    for (const { name: file, types, source } of typeFiles) {
      for (const [type, schema] of Object.entries(types)) {
        if (referenceOf(schema) === undefined) {
          this.#define(this.#name({ file, type }), this.#shape(schema), source, ['types', type]);
        }
      }
    }
    for (const model of interfaces) this.#addInterface(model);
    const changed = this.#definitions.filter(({ name, text }) => this.#compiled.get(name) !== text);
    if (changed.length === 0) return [];
    try {
      await this.#compile(changed);
      return [];
    } catch {
      return await this.#refused(changed);
    }
  }

  /** Compiles one definition after the other, to tell which of them it is that cannot be. */
  async #refused(changed: readonly Definition[]): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const definition of changed) {
      try {
        await this.#compile([definition]);
      } catch (error) {
        const { source, path } = definition;
        findings.push(
          source.finding(path, {
            at: 'key',
            code: 'no-type',
            message: `no TypeScript type can be made of this: ${error instanceof Error ? error.message : String(error)}`,
            expected: 'a plainer schema',
          }),
        );
      }
    }
    return findings;
  }

  async #compile(changed: readonly Definition[]): Promise<void> {
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

  #define(name: string, shape: Json, source: YamlSource, path: YamlPath): void {
    this.#definitions.push({ name, shape, text: JSON.stringify(shape), source, path });
  }

  #addInterface({ name, commands, variables, source }: InterfaceModel): void {
    const entries = Object.entries(commands);
    const put = (key: string, part: string, schemas: readonly (readonly [string, Json])[]): void => {
      const bundleName = this.#names.get(key) ?? `I${this.#names.size}X`;
      this.#names.set(key, bundleName);
      this.#define(bundleName, closedObject(schemas), source, [part]);
    };
    const shapes = (schemas: JsonObject): [string, Json][] =>
      Object.entries(schemas).map(([key, schema]) => [key, this.#shape(schema)]);
    put(`V_${name}`, 'vars', shapes(variables));
    put(
      `A_${name}`,
      'cmds',
      entries.map(([command, model]) => [command, closedObject(shapes(model.arguments))]),
    );
    put(
      `R_${name}`,
      'cmds',
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
    const own = this.#ownShape(schema);
    const combined = this.#combinations(schema);
    // A mere type adds little to the parts, and an object of any members would hide theirs.
    const parts = combined.length > 0 && isBareType(schema) ? combined : [own, ...combined].filter(saysShape);
    const [only = own] = parts;
    return parts.length > 1 ? { allOf: parts } : only;
  }

  /** The shapes that `allOf`, `anyOf` and `oneOf` add; those of them that leave the type open add none. */
  #combinations(schema: JsonObject): Json[] {
    const shapes = (keyword: string): Json[] => {
      const list = schema[keyword];
      return isJsonArray(list) ? list.map((part) => this.#shape(part)) : [];
    };
    return [
      ...shapes('allOf').filter(saysShape),
      ...[shapes('anyOf'), shapes('oneOf')]
        .filter((list) => list.length > 0 && list.every(saysShape))
        .map((list) => ({ anyOf: list })),
    ];
  }

  #ownShape(schema: JsonObject): JsonObject {
    const shape: Record<string, Json> = {};
    if (schema['type'] !== undefined) shape['type'] = schema['type'];
    if (isJsonArray(schema['required'])) {
      shape['required'] = schema['required']
        .filter((name) => typeof name === 'string')
        .map((name) => MEMBER_PREFIX + name);
    }
    for (const keyword of ['enum', 'const']) {
      const value = schema[keyword];
      if (value !== undefined) shape[keyword] = prefixed(value);
    }
    const properties = Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {});
    if (properties.length > 0) {
      shape['properties'] = Object.fromEntries(
        properties.map(([key, value]) => [MEMBER_PREFIX + key, this.#shape(value)]),
      );
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
    properties: Object.fromEntries(properties.map(([key, value]) => [MEMBER_PREFIX + key, value])),
    required: properties.map(([key]) => MEMBER_PREFIX + key),
  };
}

/** A constant whose members have their prefix. */
function prefixed(value: Json): Json {
  if (isJsonArray(value)) return value.map(prefixed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [MEMBER_PREFIX + key, prefixed(item)]),
  );
}

/** True when a shape says anything of the type. */
function saysShape(shape: Json): boolean {
  return isJsonObject(shape) && Object.keys(shape).some((keyword) => keyword !== 'required');
}

/** True when a schema names its type and says nothing else that a TypeScript type could tell. */
function isBareType(schema: JsonObject): boolean {
  return !['enum', 'const', 'properties', 'patternProperties', 'additionalProperties', 'items'].some(
    (keyword) => schema[keyword] !== undefined,
  );
}

function referenceOf(schema: JsonObject): BundledType | undefined {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? parseTypeReference(reference) : undefined;
}

function takesObjects({ type, properties }: JsonObject): boolean {
  return type === 'object' || (isJsonArray(type) && type.includes('object')) || properties !== undefined;
}
