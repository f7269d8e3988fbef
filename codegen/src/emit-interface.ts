// SPDX-License-Identifier: Apache-2.0
import type { InterfaceModel, JsonObject, Schemas, SpecSet } from '@carabiner/dialect';
import { importNames } from './emit-checks.js';
import { header } from './header.js';
import { identifier, pascalCase } from './identifiers.js';
import { Namespaces, type Layout } from './layout.js';
import { schemaDoc } from './schema-doc.js';
import {
  bracketed,
  docComment,
  LINE_WIDTH,
  memberAccess,
  propertyKey,
  quote,
  typeUnion,
} from './source-text.js';
import type { TypeBundle } from './type-bundle.js';
import type { TypeExpression, TypeMember } from './type-expression.js';
import { printObject, printType } from './type-printer.js';

/** Names that every file of an interface has or uses. */
const FIXED_NAMES = [
  'CallContext',
  'CallOptions',
  'Client',
  'InterfaceDescriptor',
  'Provided',
  'Token',
  'checks',
  'token',
];
/** What follows an interface's name in the names that its file declares. */
const SUFFIXES = ['Calls', 'Client', 'ErrorType', 'Interface', 'Provided', 'Provider', 'Token', 'Variables'];

/** `interfaces/<name>.ts`: what a provider implements, what a consumer holds, the descriptor and the token. */
export function emitInterface(
  model: InterfaceModel,
  bundle: TypeBundle,
  specs: SpecSet,
  layout: Layout,
): string {
  const here = 'interfaces';
  const name = pascalCase(model.name);
  const namespaces = new Namespaces(new Set([...FIXED_NAMES, ...SUFFIXES.map((suffix) => name + suffix)]));
  const nameOf = (bundleName: string): string => {
    const target = bundle.typeOf(bundleName);
    return target === undefined ? bundleName : `${namespaces.alias(target.file)}.${identifier(target.type)}`;
  };
  const methods = Object.entries(model.commands).map(([command, definition]) => {
    const result = bundle.result(model.name, command);
    return {
      key: propertyKey(command),
      members: bundle.arguments(model.name, command),
      result: result === undefined ? ['void'] : alternatives(result, nameOf),
      doc: commandDoc(definition.description, definition.arguments, definition.result),
    };
  });
  const provider = methods.map(({ key, members, result, doc }) => {
    const returns = [...result, promise(result)];
    return doc + signature(key, 'args', members, 'call: CallContext', returns, nameOf);
  });
  const calls = methods.map(({ key, members, result, doc }) => {
    const args = members.length === 0 ? 'args?' : 'args';
    return doc + signature(key, args, members, 'options?: CallOptions', [promise(result)], nameOf);
  });
  const variables = printObject(bundle.variables(model.name), {
    nameOf,
    schema: { properties: model.variables },
    block: true,
  });
  const errors = specs.errorsOf(model);
  const errorTypes = typeUnion(
    errors.map(({ type }) => quote(type)),
    { column: name.length + 24 },
  );
  const code = `\`${model.name}\``;
  const body = [
    `${docComment([`Values that ${code} publishes.`])}export interface ${name}Variables ${variables}\n`,
    `${docComment([`Errors that ${code} may raise.`])}export type ${name}ErrorType =${errorTypes};\n`,
    `${docComment([`What implements ${code}.`, model.description])}export interface ${name}Provider ${block(provider)}\n`,
    `${docComment([`Commands of ${code}, seen from their caller.`])}export interface ${name}Calls ${block(calls)}\n`,
    docComment([`What a module holds of a ${code} that it requires.`]) +
      alias(`${name}Client`, 'Client', [`${name}Calls`, `${name}Variables`, `${name}ErrorType`]),
    docComment([`What a module holds of a ${code} that it provides.`]) +
      alias(`${name}Provided`, 'Provided', [`${name}Variables`, `${name}ErrorType`]),
    emitDescriptor(model, name, errors),
    docComment([`Key of a ${code} in a container.`]) +
      `export const ${name}Token: Token<${name}Client> = token(${quote(`interface:${model.name}`)});\n`,
  ];
  const core = [
    'token',
    ...(methods.length === 0 ? [] : ['type CallContext', 'type CallOptions']),
    'type Client',
    'type InterfaceDescriptor',
    'type Provided',
    'type Token',
  ];
  const imports = [
    importNames(core, '@carabiner/core'),
    `import * as checks from '${layout.specifier('checks/interfaces', model.name, here)}';\n`,
    ...namespaces
      .entries()
      .map(([file, alias]) => `import type * as ${alias} from '${layout.specifier('types', file, here)}';\n`),
  ];
  return [header(`interfaces/${model.name}.yaml`, model.source) + imports.join(''), ...body].join('\n');
}

/** The parts of a union, or the one type that it is no union of. */
function alternatives(type: TypeExpression, nameOf: (bundleName: string) => string): string[] {
  return (type.kind === 'union' ? type.parts : [type]).map((part) =>
    printType(part, { nameOf, indent: '  ', column: 0 }),
  );
}

function promise(types: readonly string[]): string {
  const union = typeUnion(types, { indent: '    ', column: 12 });
  return union.startsWith('\n') ? `Promise<${union}\n    >` : `Promise<${union.trimStart()}>`;
}

function alias(name: string, generic: string, args: readonly string[]): string {
  const flat = `export type ${name} = ${generic}<${args.join(', ')}>;\n`;
  return flat.length <= LINE_WIDTH + 1
    ? flat
    : `export type ${name} = ${generic}<\n  ${args.join(',\n  ')}\n>;\n`;
}

function emitDescriptor(
  model: InterfaceModel,
  name: string,
  errors: readonly { readonly type: string; readonly description: string }[],
): string {
  const commands = Object.entries(model.commands).map(
    ([command, { description, arguments: schemas, result }]) =>
      entry(command, '    ', [
        text('description', description),
        `argumentNames: ${bracketed('[', Object.keys(schemas).map(quote), ']', { indent: '      ', column: 22 })}`,
        `...${memberAccess('checks.commands', command)}`,
        `returnsValue: ${result !== undefined}`,
      ]),
  );
  const variables = Object.entries(model.variables).map(([variable, schema]) =>
    entry(variable, '    ', [
      text('description', schema['description']),
      `value: ${memberAccess('checks.variables', variable)}`,
    ]),
  );
  const list = errors.map(
    ({ type, description }) => `    { type: ${quote(type)}, ${text('description', description)} },\n`,
  );
  const group = (key: string, open: string, lines: readonly string[], close: string): string =>
    lines.length === 0 ? `  ${key}: ${open}${close},\n` : `  ${key}: ${open}\n${lines.join('')}  ${close},\n`;
  return (
    `${docComment([`\`${model.name}\` at run time.`])}export const ${name}Interface: InterfaceDescriptor = {\n` +
    `  name: ${quote(model.name)},\n` +
    `  ${text('description', model.description)},\n` +
    group('commands', '{', commands, '}') +
    group('variables', '{', variables, '}') +
    group('errors', '[', list, ']') +
    '  definition: checks.definition,\n  types: checks.files,\n};\n'
  );
}

function commandDoc(description: string, schemas: Schemas, result: JsonObject | undefined): string {
  const tags = Object.entries(schemas).map(
    ([name, schema]) => `@param args.${name} - ${oneLine(schemaDoc(name, schema))}`,
  );
  if (result !== undefined) tags.push(`@returns ${oneLine(schemaDoc('', result))}`);
  return docComment([description, tags.join('\n')], '  ');
}

/** Prose of a tag: its facts follow the sentence. */
function oneLine(text: string): string {
  return text
    .replace(/[.\s]*\n(?=(?:Unit|Range|Integer)\b[^\n]*$)/, '. ')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

function entry(key: string, indent: string, lines: readonly string[]): string {
  return `${indent}${propertyKey(key)}: {\n${lines.map((line) => `${indent}  ${line},\n`).join('')}${indent}},\n`;
}

function text(key: string, value: unknown): string {
  return `${key}: ${quote(typeof value === 'string' ? value.trim() : '')}`;
}

function signature(
  key: string,
  args: string,
  members: readonly TypeMember[],
  second: string,
  returns: readonly string[],
  nameOf: (bundleName: string) => string,
): string {
  const flat = `  ${key}(${args}: ${printObject(members, { nameOf, indent: '  ' })}, ${second}): ${returns.join(' | ')};\n`;
  if (flat.length <= LINE_WIDTH + 1 && !flat.trimEnd().includes('\n')) return flat;
  const type = printObject(members, { nameOf, indent: '    ', column: args.length + 7 });
  return `  ${key}(\n    ${args}: ${type},\n    ${second},\n  ):${typeUnion(returns, { indent: '  ', column: 5 })};\n`;
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}}`;
}
