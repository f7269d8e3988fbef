// SPDX-License-Identifier: Apache-2.0
import { isAlias, isCollection, isMap, isScalar, isSeq, type Scalar } from './yaml.js';
import type { Finding, YamlPath } from './finding.js';
import type { Json } from './json.js';
import { isSecretName } from './names.js';

type Report = (offset: number, path: YamlPath, text: Pick<Finding, 'code' | 'message' | 'expected'>) => void;

/** The integers that the dialect knows. */
export const INT32_MAX = 2 ** 31 - 1;
export const INT32_MIN = -(2 ** 31);

const INTEGER = /^[-+]?\d+$/;
const BASED_INTEGER = /^[-+]?0(x[0-9a-fA-F]+|o[0-7]+|b[01]+)$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

/** True for a plain scalar that is a number with a fraction or an exponent. */
export function isFloatText(text: string): boolean {
  return FLOAT.test(text) && !INTEGER.test(text);
}

/**
 * Turns nodes of a YAML document into JSON by EVerest's rules: `true` and `false` in lower case only, decimal
 * 32-bit integers, no anchors, aliases, merge keys or tags.
 */
export class NodeReader {
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** The value of a node of the document; problems go to the report. */
  read(node: unknown, path: YamlPath = []): Json {
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      this.#report(node.range?.[0] ?? 0, path, {
        code: 'yaml-alias',
        message: `alias *${shownAt(path, node.source)} is not resolved in this dialect`,
        expected: 'the value itself',
      });
      return null;
    }
    if ((isScalar(node) || isCollection(node)) && (node.anchor !== undefined || node.tag !== undefined)) {
      this.#refuseProperties(node.anchor, node.tag, node.range?.[0] ?? 0, path);
    }
    if (isMap(node)) {
      const result: Record<string, Json> = {};
      for (const pair of node.items) {
        if (!isScalar(pair.key)) {
          this.#report(node.range?.[0] ?? 0, path, {
            code: 'yaml-key',
            message: 'a key must be a plain text',
          });
          continue;
        }
        const key = String(pair.key.value);
        const keyPath = [...path, key];
        if (key === '__proto__' || key === '<<') {
          this.#report(pair.key.range?.[0] ?? 0, keyPath, {
            code: 'yaml-key',
            message: key === '<<' ? 'merge keys are not resolved in this dialect' : `${key} cannot be a key`,
          });
          continue;
        }
        // A duplicate is reported by the parser; the first one counts here so that its findings have a place.
        if (!Object.hasOwn(result, key)) result[key] = this.read(pair.value, keyPath);
      }
      return result;
    }
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    return isScalar(node) ? this.#scalar(node, path) : null;
  }

  #scalar(node: Scalar, path: YamlPath): Json {
    const text = String(node.value);
    if (node.type !== 'PLAIN') return text;
    switch (text) {
      case 'true':
        return true;
      case 'false':
        return false;
      case '':
      case '~':
      case 'null':
      case 'Null':
      case 'NULL':
        return null;
      default:
    }
    if (!/^[-+.0-9]/.test(text)) return text;
    const offset = node.range?.[0] ?? 0;
    if (INTEGER.test(text)) {
      const value = Number(text);
      if (value > INT32_MAX || value < INT32_MIN) {
        this.#report(offset, path, {
          code: 'integer-range',
          message: `integer ${shownAt(path, text)} does not fit in 32 bits`,
          expected: `${INT32_MIN} … ${INT32_MAX}, a number with a decimal point, or a quoted text`,
        });
      }
      return value + 0;
    }
    if (BASED_INTEGER.test(text)) {
      this.#report(offset, path, {
        code: 'integer-base',
        message: `${shownAt(path, text)} is not read as a number of its base in this dialect`,
        expected: 'a decimal number, or a quoted text',
      });
      return text;
    }
    if (!FLOAT.test(text)) return text;
    const value = Number(text);
    if (!Number.isFinite(value)) {
      this.#report(offset, path, {
        code: 'number-range',
        message: `number ${shownAt(path, text)} does not fit in 64 bits`,
        expected: 'a smaller number, or a quoted text',
      });
    }
    return value;
  }

  #refuseProperties(
    anchor: string | undefined,
    tag: string | undefined,
    offset: number,
    path: YamlPath,
  ): void {
    if (anchor !== undefined) {
      this.#report(offset, path, {
        code: 'yaml-alias',
        message: `anchor &${shownAt(path, anchor)} has no meaning in this dialect`,
        expected: 'no anchor',
      });
    }
    if (tag !== undefined) {
      this.#report(offset, path, {
        code: 'yaml-tag',
        message: `tag ${shownAt(path, tag)} has no meaning in this dialect`,
        expected: 'no tag',
      });
    }
  }
}

/** What is written at `path`, unless that is a secret or a part of one. */
function shownAt(path: YamlPath, text: string): string {
  return path.some((step) => isSecretName(String(step))) ? '(not shown)' : text;
}
