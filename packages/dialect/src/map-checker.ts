// SPDX-License-Identifier: Apache-2.0
import type { Finding, Severity, YamlPath } from './finding.js';
import { isJsonArray, isJsonObject, kindOf, shown, type Json, type JsonObject } from './json.js';
import type { NameRule } from './names.js';
import { nearestName } from './nearest-name.js';
import { lengthOf } from './validation.js';
import type { FindingText, YamlSource } from './yaml-source.js';

/** Reads the members of one map of a file, collecting what is wrong instead of stopping at it. */
export class MapChecker {
  readonly value: JsonObject;
  readonly source: YamlSource;
  readonly path: YamlPath;
  readonly findings: Finding[];

  /** `value` null counts as an empty map when `nullable`. */
  constructor(
    source: YamlSource,
    path: YamlPath,
    value: Json | undefined,
    findings: Finding[],
    options: { readonly what: string; readonly nullable?: boolean },
  ) {
    this.source = source;
    this.path = path;
    this.findings = findings;
    if (isJsonObject(value)) {
      this.value = value;
      return;
    }
    this.value = {};
    if (value === null && options.nullable === true) return;
    this.report([], {
      code: 'wrong-type',
      message: `${options.what} is ${kindOf(value)}`,
      expected: 'a map',
    });
  }

  /** Adds a finding at a place below this map. */
  report(path: YamlPath, text: FindingText): void {
    this.findings.push(this.source.finding([...this.path, ...path], text));
  }

  /** Reports every key that is not among `allowed`; as a warning where EVerest lets others through. */
  onlyKeys(allowed: readonly string[], what: string, severity: Severity = 'error'): void {
    for (const key of Object.keys(this.value)) {
      if (!allowed.includes(key)) this.unknownKey(key, allowed, what, severity);
    }
  }

  /** Reports a key as unknown. */
  unknownKey(key: string, allowed: readonly string[], what: string, severity: Severity = 'error'): void {
    this.report([key], {
      at: 'key',
      severity,
      code: 'unknown-key',
      message: `unknown key '${key}' in ${what}`,
      expected: `one of ${allowed.join(', ')}`,
      suggestion: nearestName(key, allowed),
    });
  }

  /** A text; '' and a finding when it is missing, no text, too short or (with `rule`) no valid name. */
  text(key: string, options: { readonly minLength?: number; readonly rule?: NameRule } = {}): string {
    const { minLength = 2, rule } = options;
    const value = this.value[key];
    if (value === undefined) {
      this.report([], { at: 'key', code: 'missing-key', message: `'${key}' is missing`, expected: 'a text' });
      return '';
    }
    if (typeof value !== 'string') {
      this.report([key], {
        code: 'wrong-type',
        message: `'${key}' is ${kindOf(value)}: ${shown(value)}`,
        expected: 'a text (quote it if it looks like something else)',
      });
      return '';
    }
    if (rule !== undefined && !rule.pattern.test(value)) {
      this.report([key], {
        code: 'bad-name',
        message: `'${value}' is not a valid ${key}`,
        expected: rule.what,
      });
    } else if (lengthOf(value) < minLength) {
      this.report([key], {
        code: 'too-short',
        message: `'${key}' is too short: ${shown(value)}`,
        expected: `at least ${minLength} characters`,
      });
    }
    return value;
  }

  /** `true` or `false`. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.value[key];
    if (value === undefined || typeof value === 'boolean') return value ?? fallback;
    this.report([key], {
      code: 'wrong-type',
      message: `'${key}' is ${kindOf(value)}: ${shown(value)}`,
      expected: 'true or false',
    });
    return fallback;
  }

  /** An integer not below `minimum`, written as one. */
  integer(key: string, fallback: number, minimum: number): number {
    const value = this.value[key];
    if (value === undefined) return fallback;
    const float = this.source.floatText([...this.path, key]);
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && float === undefined)
      return value;
    this.report([key], {
      code: typeof value === 'number' ? 'out-of-range' : 'wrong-type',
      message: `'${key}' is ${float ?? shown(value)}`,
      expected: `an integer not below ${minimum}`,
    });
    return fallback;
  }

  /** The map under `key`; an empty one when it is missing. */
  map(key: string): MapChecker {
    return this.child(key, this.value[key] ?? (Object.hasOwn(this.value, key) ? null : {}));
  }

  /** The list under `key`; empty when it is missing. */
  list(key: string): readonly Json[] {
    const value = this.value[key];
    if (value === undefined) return [];
    if (isJsonArray(value)) return value;
    this.report([key], { code: 'wrong-type', message: `'${key}' is ${kindOf(value)}`, expected: 'a list' });
    return [];
  }

  /** A checker for each member, in the order of the file. Names that break `rule` are reported and kept. */
  entries(rule: NameRule, kind: string): (readonly [string, MapChecker])[] {
    return Object.entries(this.value).map(([name, value]) => {
      if (!rule.pattern.test(name)) {
        this.report([name], {
          at: 'key',
          code: 'bad-name',
          message: `'${name}' cannot be the name of ${kind}`,
          expected: rule.what,
        });
      }
      return [name, this.child(name, value)] as const;
    });
  }

  child(key: string, value: Json): MapChecker {
    return new MapChecker(this.source, [...this.path, key], value, this.findings, { what: `'${key}'` });
  }
}
