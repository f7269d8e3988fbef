// SPDX-License-Identifier: Apache-2.0
import type { SpecDirectory, SpecSet } from '@carabiner/dialect';
import { identifier } from './identifiers.js';

/** What is generated for a specification, by the folder it goes to. */
export type Part = 'checks/interfaces' | 'checks/types' | 'interfaces' | 'schemas' | 'types';

/** Where each generated file stands, and how others import it. */
export class Layout {
  readonly #specs: SpecSet;
  readonly #packages: ReadonlyMap<SpecDirectory, string>;

  /** @param packages names of the npm packages whose specifications are imported instead of generated */
  constructor(specs: SpecSet, packages: ReadonlyMap<SpecDirectory, string>) {
    this.#specs = specs;
    this.#packages = packages;
  }

  /** True when the file's output is made in this run, not imported from a package. */
  isOwn(kind: 'interfaces' | 'types', name: string): boolean {
    return this.#packageOf(kind, name) === undefined;
  }

  /**
   * The module specifier of a part.
   *
   * @param from folder of the importing file below the output directory; '' for the output directory itself
   */
  specifier(part: Part, name: string, from: string): string {
    const owner = this.#packageOf(part.endsWith('interfaces') ? 'interfaces' : 'types', name);
    if (owner !== undefined) return `${owner}/${part}/${name}`;
    return relative(from, `${part}/${name}.js`);
  }

  #packageOf(kind: 'interfaces' | 'types', name: string): string | undefined {
    const directory = this.#specs.file(kind, name)?.directory;
    return directory === undefined ? undefined : this.#packages.get(directory);
  }
}

/** A relative module specifier from one folder of the output to a file of it. */
export function relative(from: string, to: string): string {
  const source = from === '' ? [] : from.split('/');
  const target = to.split('/');
  let common = 0;
  while (common < source.length && source[common] === target[common]) common++;
  const up = source.length - common;
  return (up === 0 ? './' : '../'.repeat(up)) + target.slice(common).join('/');
}

/** Names under which a module imports type files as a whole, none of them taken by the module's own names. */
export class Namespaces {
  readonly #taken: Set<string>;
  readonly #suffix: string;
  readonly #aliases = new Map<string, string>();

  /**
   * @param taken names of the module; every alias is added to them
   * @param suffix of every alias
   */
  constructor(taken: Set<string>, suffix = '') {
    this.#taken = taken;
    this.#suffix = suffix;
  }

  /** The alias of a file; the same for each call. */
  alias(file: string): string {
    let alias = this.#aliases.get(file);
    if (alias === undefined) {
      alias = identifier(file) + this.#suffix;
      while (this.#taken.has(alias)) alias += '_';
      this.#taken.add(alias);
      this.#aliases.set(file, alias);
    }
    return alias;
  }

  /** Files and their aliases, sorted by file. */
  entries(): [string, string][] {
    return [...this.#aliases].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
