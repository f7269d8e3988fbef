// SPDX-License-Identifier: Apache-2.0
import { LINE_WIDTH } from './source-text.js';

/** A boolean expression of generated code. */
export type Condition =
  string | { readonly all: readonly Condition[] } | { readonly any: readonly Condition[] };

/** True when all hold; no part at all is `true`. What never holds comes last: the compiler takes code behind it amiss. */
export function allOf(parts: readonly Condition[]): Condition {
  const all = parts.flatMap((part) => (typeof part === 'object' && 'all' in part ? part.all : [part]));
  const flat = [...all.filter((part) => part !== 'false'), ...(all.includes('false') ? ['false'] : [])];
  const [only] = flat;
  if (only === undefined) return 'true';
  return flat.length === 1 ? only : { all: flat };
}

/** True when one holds; no part at all is `false`. */
export function anyOf(parts: readonly Condition[]): Condition {
  const flat = parts.flatMap((part) => (typeof part === 'object' && 'any' in part ? part.any : [part]));
  const [only] = flat;
  if (only === undefined) return 'false';
  return flat.length === 1 ? only : { any: flat };
}

/** On one line, in parentheses where it has several parts and `inner` is set. */
export function flatCondition(condition: Condition, inner = false): string {
  if (typeof condition === 'string') return condition;
  const [sign, parts] = 'all' in condition ? [' && ', condition.all] : [' || ', condition.any];
  const text = parts.map((part) => flatCondition(part, true)).join(sign);
  return inner ? `(${text})` : text;
}

/** The statement that returns a condition, on as many lines as it needs. */
export function returnStatement(condition: Condition): string {
  const flat = `  return ${flatCondition(condition)};\n`;
  if (typeof condition === 'string' || (flat.length <= LINE_WIDTH && partsOf(condition).length <= 3))
    return flat;
  return `  return (\n    ${brokenCondition(condition, '    ')}\n  );\n`;
}

function partsOf(condition: Exclude<Condition, string>): readonly Condition[] {
  return 'all' in condition ? condition.all : condition.any;
}

function brokenCondition(condition: Condition, indent: string): string {
  if (typeof condition === 'string') return condition;
  const [sign, parts] = 'all' in condition ? ['&&', condition.all] : ['||', condition.any];
  return parts
    .map((part) => {
      const flat = flatCondition(part, true);
      if (typeof part === 'string' || indent.length + flat.length + 3 <= LINE_WIDTH) return flat;
      return `(\n${indent}  ${brokenCondition(part, `${indent}  `)}\n${indent})`;
    })
    .join(` ${sign}\n${indent}`);
}
