// SPDX-License-Identifier: Apache-2.0
import type { InterfaceModel, SpecSet } from '@carabiner/dialect';
import { importNames } from './emit-checks.js';
import { header } from './header.js';
import { identifier, pascalCase } from './identifiers.js';
import { Namespaces, type Layout } from './layout.js';
import { docComment, LINE_WIDTH, propertyKey, quote } from './source-text.js';
import type { TypeBundle } from './type-bundle.js';
import type { TypeMember } from './type-expression.js';
import { printObject, printType } from './type-printer.js';

/** `interfaces/<name>.ts`: what a provider implements, what a consumer holds, the descriptor and the token. */
export function emitInterface(
  model: InterfaceModel,
  bundle: TypeBundle,
  specs: SpecSet,
  layout: Layout,
): string {
  const here = 'interfaces';
  const name = pascalCase(model.name);
  const namespaces = new Namespaces(['checks', 'token']);
  const nameOf = (bundleName: string): string => {
    const target = bundle.typeOf(bundleName);
    return target === undefined ? bundleName : `${namespaces.alias(target.file)}.${identifier(target.type)}`;
  };
  const methods = Object.entries(model.commands).map(([command, { description, arguments: schemas }]) => {
    const members = bundle.arguments(model.name, command);
    const result = bundle.result(model.name, command);
    return {
      key: propertyKey(command),
      hasArguments: members.length > 0,
      args: printArguments(members, schemas, nameOf),
      result: result === undefined ? 'void' : printType(result, { nameOf, indent: '  ' }),
      doc: docComment([description], '  '),
    };
  });
  const provider = methods.map(
    ({ key, args, result, doc }) =>
      doc + signature(`  ${key}`, [`args: ${args}`, 'call: CallContext'], `${result} | Promise<${result}>`),
  );
  const calls = methods.map(
    ({ key, args, hasArguments, result, doc }) =>
      doc +
      signature(
        `  ${key}`,
        [`args${hasArguments ? '' : '?'}: ${args}`, 'options?: CallOptions'],
        `Promise<${result}>`,
      ),
  );
  const variables = printObject(bundle.variables(model.name), {
    nameOf,
    schema: { properties: model.variables },
  });
  const errors = specs.errorsOf(model);
  const core = [
    'token',
    ...(methods.length === 0 ? [] : ['type CallContext', 'type CallOptions']),
    'type Client',
    'type InterfaceDescriptor',
    'type Provided',
    'type Token',
  ];
  const descriptor = emitDescriptor(model, name, errors);
  const imports = [
    importNames(core, '@carabiner/core'),
    `import * as checks from '${layout.specifier('checks/interfaces', model.name, here)}';\n`,
    ...namespaces
      .entries()
      .map(([file, alias]) => `import type * as ${alias} from '${layout.specifier('types', file, here)}';\n`),
  ];
  return [
    header(`interfaces/${model.name}.yaml`, model.source) + imports.join(''),
    `${docComment([`Values that \`${model.name}\` publishes.`])}export interface ${name}Variables ${variables}\n`,
    `${docComment([`Errors that \`${model.name}\` may raise.`])}export type ${name}ErrorType =${union(errors.map(({ type }) => type))};\n`,
    `${docComment([`What implements \`${model.name}\`.`, model.description])}export interface ${name}Provider ${block(provider)}\n`,
    `${docComment([`Commands of \`${model.name}\`, seen from their caller.`])}export interface ${name}Calls ${block(calls)}\n`,
    `${docComment([`What a module holds of a \`${model.name}\` that it requires.`])}export type ${name}Client = Client<${name}Calls, ${name}Variables, ${name}ErrorType>;\n`,
    `${docComment([`What a module holds of a \`${model.name}\` that it provides.`])}export type ${name}Provided = Provided<${name}Variables, ${name}ErrorType>;\n`,
    descriptor,
    `${docComment([`Key of a \`${model.name}\` in a container.`])}export const ${name}Token: Token<${name}Client> = token<${name}Client>(${quote(`interface:${model.name}`)});\n`,
  ].join('\n');
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
        `argumentNames: [${Object.keys(schemas).map(quote).join(', ')}]`,
        `args: checks.commands[${quote(command)}].args`,
        `result: checks.commands[${quote(command)}].result`,
        `returnsValue: ${result !== undefined}`,
      ]),
  );
  const variables = Object.entries(model.variables).map(([variable, schema]) =>
    entry(variable, '    ', [
      text('description', schema['description']),
      `value: checks.variables[${quote(variable)}]`,
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

function entry(key: string, indent: string, lines: readonly string[]): string {
  return `${indent}${propertyKey(key)}: {\n${lines.map((line) => `${indent}  ${line},\n`).join('')}${indent}},\n`;
}

function text(key: string, value: unknown): string {
  return `${key}: ${quote(typeof value === 'string' ? value.trim() : '')}`;
}

function printArguments(
  members: readonly TypeMember[],
  schemas: InterfaceModel['variables'],
  nameOf: (bundleName: string) => string,
): string {
  return members.length === 0
    ? '{}'
    : printObject(members, { nameOf, indent: '  ', schema: { properties: schemas } });
}

function signature(head: string, parameters: readonly string[], result: string): string {
  return `${head}(${parameters.join(', ')}): ${result};\n`;
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}}`;
}

/** A union of string literals, to follow a `=`. */
export function union(values: readonly string[]): string {
  if (values.length === 0) return ' never';
  const line = values.map(quote).join(' | ');
  return line.length + 40 <= LINE_WIDTH
    ? ` ${line}`
    : values.map((value) => `\n  | ${quote(value)}`).join('');
}
