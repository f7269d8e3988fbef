// SPDX-License-Identifier: Apache-2.0
import { isJsonObject, type Json } from '@carabiner/dialect';
import { docComment, LINE_WIDTH, propertyKey, quote } from './source-text.js';
import { schemaDoc } from './schema-doc.js';
import type { TypeExpression, TypeMember } from './type-expression.js';

/** How a type is laid out. */
export interface PrintOptions {
  /** What a name of the bundle is called where the type is printed. */
  readonly nameOf: (bundleName: string) => string;
  readonly indent?: string;
  /** Column of the first character; default: the indent. */
  readonly column?: number;
  /** Schema of the type, for the documentation of its members. */
  readonly schema?: Json | undefined;
  /** Put each member on a line of its own even if all would fit on one. */
  readonly block?: boolean;
}

/** A type as TypeScript. */
export function printType(type: TypeExpression, options: PrintOptions): string {
  const { indent = '', column = indent.length } = options;
  switch (type.kind) {
    case 'word':
      return options.nameOf(type.text);
    case 'text':
      return quote(type.value);
    case 'array': {
      const item = printType(type.item, { ...options, schema: memberSchema(options.schema, 'items') });
      return type.item.kind === 'union' || type.item.kind === 'intersection' ? `(${item})[]` : `${item}[]`;
    }
    case 'tuple':
      return `[${type.items.map((item) => printType(item, { ...options, schema: undefined })).join(', ')}]`;
    case 'union':
    case 'intersection': {
      const sign = type.kind === 'union' ? '|' : '&';
      const parts = type.parts.map((part) => {
        const text = printType(part, { ...options, indent: `${indent}  `, schema: undefined });
        return part.kind === 'union' || part.kind === 'intersection' ? `(${text})` : text;
      });
      const line = parts.join(` ${sign} `);
      if (column + line.length < LINE_WIDTH && !line.includes('\n')) return line;
      return parts.map((part) => `\n${indent}  ${sign} ${part}`).join('');
    }
    case 'object':
      return printObject(type.members, options);
  }
}

/** The members of an object type in braces, a documented one to a line. */
export function printObject(members: readonly TypeMember[], options: PrintOptions): string {
  const { indent = '', column = indent.length, block = false, ...rest } = options;
  if (members.length === 0) return '{}';
  const [only] = members;
  if (members.length === 1 && only?.name === undefined && only !== undefined) {
    return `{ [key: string]: ${printType(only.type, { ...rest, schema: undefined })} }`;
  }
  const inner = `${indent}  `;
  const described = members.some((member) => memberDoc(rest.schema, member) !== '');
  if (!described && !block) {
    const line = `{ ${members.map((member) => printMember(member, { ...rest, indent })).join('; ')} }`;
    if (column + line.length < LINE_WIDTH && !line.includes('\n')) return line;
  }
  const lines = members.map(
    (member) =>
      `${docComment([memberDoc(rest.schema, member)], inner)}${inner}${printMember(member, { ...rest, indent: inner })};\n`,
  );
  return `{\n${lines.join('')}${indent}}`;
}

function printMember(member: TypeMember, options: PrintOptions): string {
  const { indent = '' } = options;
  const head =
    member.name === undefined
      ? '[key: string]: '
      : `${propertyKey(member.name)}${member.optional ? '?' : ''}: `;
  return (
    head +
    printType(member.type, {
      ...options,
      column: indent.length + head.length,
      schema: memberSchema(memberSchema(options.schema, 'properties'), member.name ?? ''),
    })
  ).replace(': \n', ':\n');
}

function memberDoc(schema: Json | undefined, member: TypeMember): string {
  if (member.name === undefined) return '';
  const own = memberSchema(memberSchema(schema, 'properties'), member.name);
  return isJsonObject(own) ? schemaDoc(member.name, own) : '';
}

function memberSchema(schema: Json | undefined, key: string): Json | undefined {
  return isJsonObject(schema) ? schema[key] : undefined;
}
