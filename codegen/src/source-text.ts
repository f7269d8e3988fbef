// SPDX-License-Identifier: Apache-2.0
import { isJsonArray, type Json } from '@carabiner/dialect';

/** Longest line that is written where it can be avoided. */
export const LINE_WIDTH = 110;

/** A TypeScript string literal in single quotes. */
export function quote(text: string): string {
  if (/^[\x20-\x7e\xa0-\u2027\u202a-\ud7ff]*$/.test(text) && !/['\\]/.test(text)) return `'${text}'`;
  const body = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${body.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

/** A property key: plain where that is legal, else quoted. `__proto__` is computed, or it would set the prototype. */
export function propertyKey(name: string): string {
  if (name === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name);
}

/** How code reads a member of `value`: with a dot where that is legal. */
export function memberAccess(value: string, name: string): string {
  const key = propertyKey(name);
  return key === name ? `${value}.${name}` : `${value}[${quote(name)}]`;
}

/** Puts `indent` before every line that is not empty. */
export function indentLines(text: string, indent: string): string {
  return text.replaceAll(/^(?=.)/gm, indent);
}

/**
 * `head` followed by `items` on one line between `open` and `close`, or on a line each when they do not fit.
 *
 * @param indent of the line that `head` stands on
 * @param after what follows on the last line, counted for the width only
 */
export function bracketed(
  open: string,
  items: readonly string[],
  close: string,
  options: { readonly indent?: string; readonly column?: number; readonly spaced?: boolean } = {},
): string {
  const { indent = '', column = indent.length, spaced = false } = options;
  if (items.length === 0) return open + close;
  const space = spaced ? ' ' : '';
  const line = `${open}${space}${items.join(', ')}${space}${close}`;
  if (column + line.length <= LINE_WIDTH && !line.includes('\n')) return line;
  return `${open}\n${items.map((item) => `${indent}  ${item},\n`).join('')}${indent}${close}`;
}

/** JSON as a TypeScript literal: on one line where it fits, else a member to a line. */
export function literal(value: Json, indent = '', column = indent.length): string {
  const flat = flatLiteral(value, LINE_WIDTH - column);
  if (flat !== undefined) return flat;
  const inner = `${indent}  `;
  if (isJsonArray(value)) {
    return `[\n${value.map((item) => `${inner}${literal(item, inner)},\n`).join('')}${indent}]`;
  }
  const lines = Object.entries(value ?? {}).map(([key, item]) => {
    const head = `${propertyKey(key)}: `;
    return `${inner}${head}${literal(item as Json, inner, inner.length + head.length)},\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

/** On one line of at most `budget` characters; undefined when that is too short. Texts and numbers always fit. */
function flatLiteral(value: Json, budget: number): string | undefined {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  const isArray = isJsonArray(value);
  let text = isArray ? '[' : '{';
  for (const [key, item] of Object.entries(value)) {
    if (text.length > 1) text += ', ';
    else if (!isArray) text += ' ';
    if (!isArray) text += `${propertyKey(key)}: `;
    const flat = flatLiteral(item, budget - text.length);
    if (flat === undefined) return undefined;
    text += flat;
    if (text.length > budget) return undefined;
  }
  if (!isArray && text.length > 1) text += ' ';
  text += isArray ? ']' : '}';
  return text.length <= budget ? text : undefined;
}

/** A union of types, to follow a `=` or a `:`; on a line each when it is long. */
export function typeUnion(
  types: readonly string[],
  options: { readonly indent?: string; readonly column?: number } = {},
): string {
  const { indent = '', column = indent.length } = options;
  const [only = 'never'] = types;
  if (types.length < 2) return ` ${only}`;
  const line = types.join(' | ');
  if (column + line.length + 2 <= LINE_WIDTH) return ` ${line}`;
  return types.map((type) => `\n${indent}  | ${type}`).join('');
}

/** A documentation comment; nothing when there is nothing to say. Ends with a line break. */
export function docComment(paragraphs: readonly string[], indent = ''): string {
  const width = LINE_WIDTH - indent.length - 3;
  const blocks = paragraphs
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) =>
      commentText(paragraph)
        .split('\n')
        .flatMap((line) => wrap(line, width)),
    );
  if (blocks.length === 0) return '';
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && indent.length + only.length + 7 <= LINE_WIDTH) {
    return `${indent}/** ${only} */\n`;
  }
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd() + '\n').join('')}${indent} */\n`;
}

function commentText(text: string): string {
  return text
    .trim()
    .replaceAll('*/', '*\\/')
    .replaceAll(/(^|\s)@(?!param args\.|returns )/g, '$1\\@');
}

function wrap(line: string, width: number): string[] {
  const lead = /^\s*/.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = '';
  for (const word of line.trim().split(/\s+/)) {
    if (current !== '' && lead.length + current.length + 1 + word.length > width) {
      lines.push(lead + current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  lines.push(lead + current);
  return lines;
}
