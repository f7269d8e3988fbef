// SPDX-License-Identifier: Apache-2.0
import {
  describeConfigValue,
  isSecretParameter,
  type ConfigParameterModel,
  type ConfigParameters,
  type JsonObject,
  type ManifestModel,
  type RequirementModel,
} from '@carabiner/dialect';
import { isInherited } from './check-names.js';
import { importNames } from './emit-checks.js';
import { header } from './header.js';
import { identifier, pascalCase } from './identifiers.js';
import type { Layout } from './layout.js';
import {
  bracketed,
  docComment,
  indentLines,
  LINE_WIDTH,
  literal,
  memberAccess,
  propertyKey,
  quote,
  typeUnion,
} from './source-text.js';

/** `<Module>.ts`: configuration, what the module provides and requires, tokens, descriptor and base class. */
export function emitModule(manifest: ManifestModel, layout: Layout, from: string): string {
  const name = identifier(manifest.module);
  const interfaces = importedInterfaces(manifest, layout);
  const hasConfig =
    Object.keys(manifest.config).length > 0 ||
    Object.values(manifest.provides).some(({ config }) => Object.keys(config).length > 0);
  const inherits = [manifest, ...Object.values(manifest.provides)].some(
    (model) => hasInherited(model.config) || ('provides' in model && hasInherited(model.provides)),
  );
  return [
    header(from, manifest.source) +
      importNames(
        ['Module', 'TOKEN_NAMES', 'token', 'type ModuleContext', 'type ModuleDescriptor'],
        '@carabiner/core',
      ) +
      interfaces.join('') +
      "import * as z from 'zod';\n",
    ...(hasConfig ? [EXPECTED] : []),
    ...(inherits ? [OWN_MEMBERS] : []),
    ...emitConfig(manifest, name),
    ...emitConnections(manifest, name),
    emitDescriptor(manifest, name),
    emitTokens(manifest, name),
    docComment([
      `Base of the module \`${manifest.module}\`. Extend it, name your class \`${name}\`, export it.`,
      manifest.description,
    ]) +
      `export abstract class ${name}Base extends Module<\n  ${name}Config,\n  ${name}ImplementationConfig,\n  ${name}Provides,\n  ${name}Requires,\n  ${name}Implementations\n> {\n` +
      `  static readonly descriptor: ModuleDescriptor = ${name}Descriptor;\n}\n`,
  ].join('\n');
}

/** Makes the message of a bad value; part of every module that has parameters. */
const EXPECTED = `/** What is said of a bad value of a parameter. */
function expected(parameter: string, allowed: string, secret = false) {
  return {
    error: ({ input }: { readonly input?: unknown }) => {
      const found = input === undefined ? 'is missing' : \`is \${secret ? 'not valid' : JSON.stringify(input)}\`;
      return \`'\${parameter}' \${found}; expected \${allowed}\`;
    },
  };
}
`;

/** Part of every module that names a parameter or an implementation like what every object inherits. */
const OWN_MEMBERS = `/** zod reads what an object inherits like its own: the same object without anything inherited. */
function ownMembers(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { __proto__: null, ...value } : value;
}
`;

function importedInterfaces({ provides, requires }: ManifestModel, layout: Layout): string[] {
  const names = new Map<string, Set<string>>();
  const use = (interfaceName: string, suffixes: readonly string[]): void => {
    const set = names.get(interfaceName) ?? new Set();
    for (const suffix of suffixes) set.add(suffix);
    names.set(interfaceName, set);
  };
  for (const implementation of Object.values(provides))
    use(implementation.interface, ['Interface', 'Provided', 'Provider']);
  for (const requirement of Object.values(requires)) use(requirement.interface, ['Interface', 'Client']);
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([interfaceName, suffixes]) =>
      importNames(
        [...suffixes]
          .sort()
          .map((suffix) => `${suffix === 'Interface' ? '' : 'type '}${pascalCase(interfaceName)}${suffix}`)
          .sort((a, b) => Number(a.startsWith('type ')) - Number(b.startsWith('type '))),
        layout.specifier('interfaces', interfaceName, ''),
      ),
    );
}

function emitConfig({ module, config, provides }: ManifestModel, name: string): string[] {
  const implementations = Object.entries(provides);
  return [
    `${docComment([`Configuration of \`${module}\`.`])}export interface ${name}Config ${configType(config)}\n`,
    ...emitMessages(config, provides),
    docComment([`Checks the configuration of \`${module}\` and fills in defaults.`]) +
      `export const ${name}ConfigSchema = ${leftOutUnused(configSchema(config, 'messages'))};\n`,
    docComment([`Configuration of each implementation that \`${module}\` provides.`]) +
      `export interface ${name}ImplementationConfig ${braces(
        implementations.map(
          ([id, { config: own }]) =>
            `readonly ${propertyKey(id)}: ${indentLines(configType(own), '  ').trimStart()};\n`,
        ),
      )}\n`,
    docComment([`Checks the configuration of the implementations and fills in defaults.`]) +
      `export const ${name}ImplementationConfigSchema = ${leftOutUnused(
        objectSchema(
          provides,
          implementations.map(
            ([id, { config: own }]) =>
              `${propertyKey(id)}: ${indentLines(configSchema(own, memberAccess('implementationMessages', id)), '  ').trimStart()}`,
          ),
        ),
      )};\n`,
  ];
}

/** A plugin that is bundled does not carry a schema, and with it zod, that nobody asks for: the core has checks of its own. */
function leftOutUnused(schema: string): string {
  return `/* @__PURE__ */ (() =>\n  ${indentLines(schema, '  ').trimStart()})()`;
}

function configType(config: ConfigParameters): string {
  return braces(
    Object.entries(config).map(([parameter, model]) => {
      const doc = docComment([`${model.description.trim()}\n${parameterFacts(model)}`], '  ').replace(
        /^ {2}/,
        '',
      );
      return `${doc}  readonly ${propertyKey(parameter)}:${valueType(model)};\n`;
    }),
  );
}

function parameterFacts(model: ConfigParameterModel): string {
  const facts = [`Takes ${describeConfigValue(model)}`];
  facts.push(model.default === undefined ? 'mandatory' : `default ${literal(model.default)}`);
  if (model.mutability !== 'ReadOnly') facts.push(model.mutability);
  return `${facts.join('; ')}.`;
}

function valueType({ type, enum: allowed }: ConfigParameterModel): string {
  if (allowed !== undefined)
    return typeUnion(
      allowed.map((value) => literal(value)),
      { indent: '  ', column: 40 },
    );
  return type === 'integer' ? ' number' : ` ${type}`;
}

/** What is said of a bad value, for each parameter. */
function emitMessages(config: ConfigParameters, provides: ManifestModel['provides']): string[] {
  const texts: string[] = [];
  if (Object.keys(config).length > 0) texts.push(`const messages = ${messagesOf(config, '')};\n`);
  const implementations = Object.entries(provides).filter(
    ([, model]) => Object.keys(model.config).length > 0,
  );
  if (implementations.length > 0) {
    const members = implementations.map(
      ([id, model]) =>
        `  ${propertyKey(id)}: ${indentLines(messagesOf(model.config, `${id}.`), '  ').trimStart()},\n`,
    );
    texts.push(`const implementationMessages = {\n${members.join('')}};\n`);
  }
  return texts;
}

function messagesOf(config: ConfigParameters, prefix: string): string {
  const members = Object.entries(config).map(([parameter, model]) => {
    const args = [quote(prefix + parameter), quote(describeConfigValue(model))];
    if (isSecretParameter(parameter, model)) args.push('true');
    const flat = `  ${propertyKey(parameter)}: expected(${args.join(', ')}),\n`;
    if (flat.length <= LINE_WIDTH) return flat;
    return `  ${propertyKey(parameter)}: expected(\n${args.map((argument) => `    ${argument},\n`).join('')}  ),\n`;
  });
  return `{\n${members.join('')}}`;
}

function configSchema(config: ConfigParameters, messages: string): string {
  return objectSchema(
    config,
    Object.entries(config).map(([parameter, model]) => {
      const calls = valueSchema(model, memberAccess(messages, parameter));
      if (model.default !== undefined) calls.push(`default(${literal(model.default)})`);
      const head = `${propertyKey(parameter)}: `;
      const flat = `${head}z.${calls.join('.')}`;
      return flat.length + 3 <= LINE_WIDTH && !flat.includes('\n')
        ? flat
        : `${head}z${calls.map((call) => `\n    .${call}`).join('')}`;
    }),
  );
}

/** The calls on `z` that make the schema of a value. */
function valueSchema(model: ConfigParameterModel, message: string): string[] {
  if (model.enum !== undefined) {
    const values = model.enum.map((value) => literal(value));
    const kind = model.enum.every((value) => typeof value === 'string') ? 'enum' : 'literal';
    return [
      `${kind}(${bracketed('[', values, ']', { indent: '    ', column: 20 + message.length })}, ${message})`,
    ];
  }
  const calls = [`${model.type === 'integer' ? 'number' : model.type}(${message})`];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern } =
    model;
  if (model.type === 'integer') calls.push(`refine(Number.isInteger, ${message})`);
  if (minimum !== undefined) calls.push(`min(${minimum}, ${message})`);
  if (exclusiveMinimum !== undefined) calls.push(`gt(${exclusiveMinimum}, ${message})`);
  if (maximum !== undefined) calls.push(`max(${maximum}, ${message})`);
  if (exclusiveMaximum !== undefined) calls.push(`lt(${exclusiveMaximum}, ${message})`);
  if (multipleOf !== undefined) {
    calls.push(`refine((value) => Number.isInteger(value / ${multipleOf}), ${message})`);
  }
  if (minLength !== undefined) calls.push(`refine((text) => [...text].length >= ${minLength}, ${message})`);
  if (maxLength !== undefined) calls.push(`refine((text) => [...text].length <= ${maxLength}, ${message})`);
  if (pattern !== undefined) calls.push(`regex(/${new RegExp(pattern, 'u').source}/u, ${message})`);
  return calls;
}

function emitConnections({ module, provides, requires }: ManifestModel, name: string): string[] {
  const implementations = Object.entries(provides);
  return [
    docComment([`What \`${module}\` provides, to publish and to raise errors with.`]) +
      `export interface ${name}Provides ${braces(
        implementations.map(
          ([id, model]) =>
            `${memberDoc(model.description)}readonly ${propertyKey(id)}: ${pascalCase(model.interface)}Provided;\n`,
        ),
      )}\n`,
    docComment([`What \`${module}\` requires.`]) +
      `export interface ${name}Requires ${braces(
        Object.entries(requires).map(
          ([id, model]) =>
            `${memberDoc(connections(model))}readonly ${propertyKey(id)}: ${requiredType(model)};\n`,
        ),
      )}\n`,
    docComment([`What \`${module}\` implements: an object for each provided implementation.`]) +
      `export interface ${name}Implementations ${braces(
        implementations.map(
          ([id, model]) =>
            `${memberDoc(model.description)}readonly ${propertyKey(id)}: ${pascalCase(model.interface)}Provider;\n`,
        ),
      )}\n`,
    docComment([`All that a \`${module}\` gets from its host.`]) +
      `export type ${name}Context = ModuleContext<\n  ${name}Config,\n  ${name}ImplementationConfig,\n  ${name}Provides,\n  ${name}Requires\n>;\n`,
  ];
}

function memberDoc(text: string): string {
  const doc = docComment([text], '  ');
  return doc === '' ? '' : `${doc.trimStart()}  `;
}

function connections({ minConnections, maxConnections }: RequirementModel): string {
  const count =
    minConnections === maxConnections ? String(minConnections) : `${minConnections} … ${maxConnections}`;
  return `Connections: ${count}`;
}

function requiredType({ interface: required, minConnections, maxConnections }: RequirementModel): string {
  const client = `${pascalCase(required)}Client`;
  if (maxConnections > 1) return `readonly ${client}[]`;
  return minConnections === 0 ? `${client} | undefined` : client;
}

function emitDescriptor(manifest: ManifestModel, name: string): string {
  const parameters = (config: ConfigParameters, indent: string): string =>
    literal(
      Object.fromEntries(
        Object.entries(config).map(([parameter, model]) => [parameter, describedParameter(model)]),
      ),
      indent,
      indent.length + 8,
    ) + constant(config);
  const provides = Object.entries(manifest.provides).map(
    ([id, model]) =>
      `    ${propertyKey(id)}: {\n      description: ${quote(model.description.trim())},\n` +
      `      interface: ${pascalCase(model.interface)}Interface,\n      config: ${parameters(model.config, '      ')},\n    },\n`,
  );
  const requires = Object.entries(manifest.requires).map(
    ([id, model]) =>
      `    ${propertyKey(id)}: {\n      interface: ${pascalCase(model.interface)}Interface,\n` +
      `      minConnections: ${model.minConnections},\n      maxConnections: ${model.maxConnections},\n` +
      `      ignore: ${literal({ errors: model.ignore.errors, variables: model.ignore.variables })},\n    },\n`,
  );
  const group = (entries: readonly string[]): string =>
    entries.length === 0 ? '{}' : `{\n${entries.join('')}  }`;
  return (
    `${docComment([`\`${manifest.module}\` at run time.`])}export const ${name}Descriptor: ModuleDescriptor = {\n` +
    `  module: ${quote(manifest.module)},\n  description: ${quote(manifest.description.trim())},\n` +
    `  config: ${parameters(manifest.config, '  ')},\n  provides: ${group(provides)}${constant(manifest.provides)},\n  requires: ${group(requires)},\n` +
    `  enableExternalMqtt: ${manifest.enableExternalMqtt},\n  enableTelemetry: ${manifest.enableTelemetry},\n` +
    `  enableGlobalErrors: ${manifest.enableGlobalErrors},\n};\n`
  );
}

/** What keeps literals narrow under a name that every object inherits: there the compiler does not look at the type wanted. */
function constant(members: object): string {
  return hasInherited(members) ? ' as const' : '';
}

function hasInherited(members: object): boolean {
  return Object.keys(members).some(isInherited);
}

/** A parameter as the descriptor holds it. */
function describedParameter(model: ConfigParameterModel): JsonObject {
  const { type, description, mutability, minimum, maximum, minLength, maxLength, pattern } = model;
  const { exclusiveMinimum, exclusiveMaximum, multipleOf } = model;
  return {
    type,
    description: description.trim(),
    ...(model.default === undefined ? {} : { default: model.default }),
    mutability,
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(exclusiveMinimum === undefined ? {} : { exclusiveMinimum }),
    ...(exclusiveMaximum === undefined ? {} : { exclusiveMaximum }),
    ...(multipleOf === undefined ? {} : { multipleOf }),
    ...(model.enum === undefined ? {} : { enum: model.enum }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

function emitTokens({ module }: ManifestModel, name: string): string {
  const members = ['info', 'clock', 'signal', 'externalMqtt', 'telemetry', 'globalErrors'].map(
    (member) => `  ${member}: token<${name}Context['${member}']>(TOKEN_NAMES.${member}),\n`,
  );
  return (
    `${docComment([`Keys of what the container of a \`${module}\` holds, with their types.`])}export const ${name}Tokens = {\n` +
    `  context: token<${name}Context>(TOKEN_NAMES.context),\n` +
    `  config: token<${name}Config>(TOKEN_NAMES.config),\n` +
    `  implementationConfig: token<${name}ImplementationConfig>(TOKEN_NAMES.implementationConfig),\n` +
    `  provides: token<${name}Provides>(TOKEN_NAMES.provides),\n` +
    `  requires: token<${name}Requires>(TOKEN_NAMES.requires),\n` +
    `  logger: token<${name}Context['log']>(TOKEN_NAMES.logger),\n${members.join('')}};\n`
  );
}

function braces(members: readonly string[]): string {
  return members.length === 0
    ? '{}'
    : `{\n${members.map((member) => `  ${member.replace(/^ {2}(?=readonly)/, '')}`).join('')}}`;
}

/** @param named what has the members' names */
function objectSchema(named: object, members: readonly string[]): string {
  const schema =
    members.length === 0
      ? 'z.strictObject({})'
      : `z.strictObject({\n${members.map((member) => `  ${member},\n`).join('')}})`;
  return hasInherited(named) ? `z.preprocess(ownMembers, ${schema})` : schema;
}
