// SPDX-License-Identifier: Apache-2.0
import { excerpt, OcmfError } from './errors.js';

/** A JSON number as written; `446.540` keeps its last zero, which a double would lose. */
export class JsonNumber {
  /** @param text - the number's characters in the JSON text */
  constructor(readonly text: string) {}

  toJSON(): string {
    return this.text;
  }
}

/** An object; a Map, so that keys such as `__proto__` are only keys. Order is that of the text. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A JSON value with numbers kept as text. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** Result of {@link parseExactJson}. */
export interface ExactJson {
  readonly value: JsonValue;
  /** Paths of keys that stand twice in one object; the last one counts, as in other readers. */
  readonly duplicateKeys: readonly string[];
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const MAX_DEPTH = 32;

class Parser {
  readonly duplicateKeys: string[] = [];
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly what: string,
  ) {}

  document(): JsonValue {
    const value = this.#value(0, '');
    this.#blanks();
    if (this.#at < this.text.length) this.#fail('unexpected text after the end');
    return value;
  }

  #value(depth: number, path: string): JsonValue {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`);
    this.#blanks();
    switch (this.text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object(depth, path);
      case 0x5b:
        return this.#array(depth, path);
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number, path: string): JsonObject {
    const object = new Map<string, JsonValue>();
    this.#at++;
    if (this.#take(0x7d)) return object;
    do {
      this.#blanks();
      if (this.text.charCodeAt(this.#at) !== 0x22) this.#fail('a key in quotes was expected');
      const key = this.#string();
      if (!this.#take(0x3a)) this.#fail('a colon was expected');
      const keyPath = path === '' ? key : `${path}.${key}`;
      if (object.has(key)) this.duplicateKeys.push(keyPath);
      object.set(key, this.#value(depth + 1, keyPath));
    } while (this.#take(0x2c));
    if (!this.#take(0x7d)) this.#fail('a comma or } was expected');
    return object;
  }

  #array(depth: number, path: string): JsonValue[] {
    const array: JsonValue[] = [];
    this.#at++;
    if (this.#take(0x5d)) return array;
    do array.push(this.#value(depth + 1, `${path}[${array.length}]`));
    while (this.#take(0x2c));
    if (!this.#take(0x5d)) this.#fail('a comma or ] was expected');
    return array;
  }

  #string(): string {
    const start = this.#at;
    const text = this.text;
    let escaped = false;
    for (let at = start + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return escaped ? this.#unescape(start) : text.slice(start + 1, at);
      }
      if (code < 0x20) break;
      if (code === 0x5c) {
        escaped = true;
        at++;
      }
    }
    return this.#fail('a text without end, or with a control character');
  }

  #unescape(start: number): string {
    try {
      return JSON.parse(this.text.slice(start, this.#at)) as string;
    } catch {
      return this.#fail('an unknown escape in a text');
    }
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.text);
    if (match === null) return this.#fail('a value was expected');
    this.#at += match[0].length;
    return new JsonNumber(match[0]);
  }

  #word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.#at)) this.#fail('a value was expected');
    this.#at += word.length;
    return value;
  }

  #take(code: number): boolean {
    this.#blanks();
    if (this.text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #blanks(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #fail(problem: string): never {
    const near = excerpt(this.text.slice(this.#at));
    throw new OcmfError(
      'OCMF_STRUCTURE',
      `the ${this.what} is not JSON: ${problem} at offset ${this.#at}, near ${near}`,
    );
  }
}

/**
 * Strict JSON (RFC 8259) that keeps numbers as text and reports keys that stand twice.
 *
 * @param what - name of the text in error messages, such as `payload`
 * @throws OcmfError `OCMF_STRUCTURE` for anything that is not JSON, or nested deeper than 32 levels
 */
export function parseExactJson(text: string, what: string): ExactJson {
  const parser = new Parser(text, what);
  return { value: parser.document(), duplicateKeys: parser.duplicateKeys };
}

/** Whether `value` is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** Whether `value` is an array. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value as plain objects and arrays for printing; numbers become their text. */
export function toPlainJson(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.text;
  if (isJsonArray(value)) return value.map(toPlainJson);
  if (isJsonObject(value))
    return Object.fromEntries([...value].map(([key, item]) => [key, toPlainJson(item)]));
  return value;
}
