// SPDX-License-Identifier: Apache-2.0

/** A TypeScript type as json-schema-to-typescript writes it, taken apart so that it can be laid out anew. */
export type TypeExpression =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'array'; readonly item: TypeExpression }
  | { readonly kind: 'tuple'; readonly items: readonly TypeExpression[] }
  | { readonly kind: 'union' | 'intersection'; readonly parts: readonly TypeExpression[] }
  | { readonly kind: 'object'; readonly members: readonly TypeMember[] };

/** A member of an object type. */
export interface TypeMember {
  /** undefined for an index signature. */
  readonly name: string | undefined;
  readonly optional: boolean;
  readonly type: TypeExpression;
}

/** Declarations of types by name. */
export type TypeDeclarations = ReadonlyMap<string, TypeExpression>;

/**
 * Stands before every name of a member in what json-schema-to-typescript gets, and is taken off here: it is at a loss
 * with names that every object inherits and with those of keywords.
 */
export const MEMBER_PREFIX = '_';

const TOKEN = /\s*(?:\/\*[^]*?\*\/\s*)*("(?:[^"\\]|\\.)*"|-?\d[\w.]*[+-]\d+|[\w$.-]+|\S)/y;

/** Reads the declarations that json-schema-to-typescript wrote; comments are dropped. */
export function parseDeclarations(text: string): TypeDeclarations {
  const parser = new Parser(tokens(text));
  const result = new Map<string, TypeExpression>();
  while (!parser.done) {
    const { name, type } = parser.declaration();
    result.set(name, type);
  }
  return result;
}

function tokens(text: string): string[] {
  const result: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match?.[1] !== undefined; match = TOKEN.exec(text))
    result.push(match[1]);
  return result;
}

class Parser {
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#position >= this.#tokens.length;
  }

  declaration(): { name: string; type: TypeExpression } {
    this.#expect('export');
    const keyword = this.#next();
    const name = this.#next();
    if (keyword === 'type') this.#expect('=');
    return { name, type: this.#type() };
  }

  #type(): TypeExpression {
    const first = this.#postfix();
    for (const [operator, kind] of [
      ['|', 'union'],
      ['&', 'intersection'],
    ] as const) {
      if (this.#peek() !== operator) continue;
      const parts = [first];
      while (this.#take(operator)) parts.push(this.#postfix());
      return { kind, parts };
    }
    return first;
  }

  #postfix(): TypeExpression {
    let type = this.#primary();
    // The next member may begin with '[' as well.
    while (this.#peek() === '[' && this.#tokens[this.#position + 1] === ']') {
      this.#expect('[');
      this.#expect(']');
      type = { kind: 'array', item: type };
    }
    return type;
  }

  #primary(): TypeExpression {
    if (this.#take('(')) {
      const type = this.#type();
      this.#expect(')');
      return type;
    }
    if (this.#take('{')) return { kind: 'object', members: this.#members() };
    if (this.#take('[')) {
      const items: TypeExpression[] = [];
      while (!this.#take(']')) {
        items.push(this.#type());
        this.#take(',');
      }
      return { kind: 'tuple', items };
    }
    const word = this.#next();
    return word.startsWith('"')
      ? { kind: 'text', value: JSON.parse(word) as string }
      : { kind: 'word', text: word };
  }

  #members(): TypeMember[] {
    const members: TypeMember[] = [];
    while (!this.#take('}')) {
      if (this.#take('[')) {
        while (!this.#take(']')) this.#next();
        this.#expect(':');
        members.push({ name: undefined, optional: false, type: this.#type() });
      } else {
        const word = this.#next();
        const optional = this.#take('?');
        this.#expect(':');
        const name = word.startsWith('"') ? (JSON.parse(word) as string) : word;
        members.push({ name: name.slice(MEMBER_PREFIX.length), optional, type: this.#type() });
      }
      // A constant is written as JSON.
      if (!this.#take(';')) this.#take(',');
    }
    return members;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  #next(): string {
    const token = this.#peek();
    if (token === undefined) throw new SyntaxError('type declaration ends too early');
    this.#position++;
    return token;
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) throw new SyntaxError(`type declaration: found ${found} where ${token} belongs`);
  }
}
