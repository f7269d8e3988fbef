// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { compareText, type Finding } from './finding.js';
import { jsonEqual } from './json.js';
import { nearestName } from './nearest-name.js';
import { referenceCycles } from './reference-cycles.js';
import {
  checkErrorFile,
  checkInterface,
  checkTypeFile,
  type ErrorFileModel,
  type InterfaceModel,
  type SpecResult,
  type TypeFileModel,
} from './spec-files.js';
import { YamlSource } from './yaml-source.js';

/** A folder with `interfaces/`, `types/` and `errors/`. */
export interface SpecDirectory {
  /** Where it is. */
  readonly path: string;
  /** How findings name it; default `path`. */
  readonly label?: string;
  /** Its files are read only when something refers to them. */
  readonly lazy?: boolean;
}

type Kind = 'interfaces' | 'types' | 'errors';

interface Models {
  interfaces: InterfaceModel;
  types: TypeFileModel;
  errors: ErrorFileModel;
}

/** A file of a specification directory. */
export interface SpecFile {
  readonly name: string;
  readonly path: string;
  /** As findings name it. */
  readonly label: string;
  readonly directory: SpecDirectory;
}

const CHECKS: { readonly [K in Kind]: (source: YamlSource, name: string) => SpecResult<Models[K]> } = {
  interfaces: checkInterface,
  types: checkTypeFile,
  errors: checkErrorFile,
};
const KINDS: readonly Kind[] = ['interfaces', 'types', 'errors'];

/**
 * Results of files read before, so that reading a directory again costs only the files that changed. A file counts as
 * unchanged while its size and its time of change are.
 */
export class SpecCache {
  readonly #entries = new Map<string, { readonly stats: Stats; readonly result: SpecResult<unknown> }>();

  /** The result for a file, from `read` unless the file is as it was. */
  result<Model>(kind: Kind, path: string, read: () => SpecResult<Model>): SpecResult<Model> {
    const key = `${kind}:${path}`;
    const stats = statSync(path, { throwIfNoEntry: false });
    const known = this.#entries.get(key);
    if (known !== undefined && known.stats.mtimeMs === stats?.mtimeMs && known.stats.size === stats.size) {
      return known.result as SpecResult<Model>;
    }
    const result = read();
    if (stats !== undefined) this.#entries.set(key, { stats, result });
    return result;
  }
}

/** Every interface, type and error file of one or more directories, with references resolved on demand. */
export class SpecSet {
  /** What is wrong in the files read so far. */
  readonly findings: Finding[] = [];
  readonly #files: { readonly [K in Kind]: Map<string, SpecFile> } = {
    interfaces: new Map(),
    types: new Map(),
    errors: new Map(),
  };
  readonly #models: { readonly [K in Kind]: Map<string, Models[K]> } = {
    interfaces: new Map(),
    types: new Map(),
    errors: new Map(),
  };

  readonly #cache: SpecCache;

  private constructor(cache: SpecCache) {
    this.#cache = cache;
  }

  /**
   * Reads directories. Later ones add to earlier ones; a file that stands in two of them must have the same content.
   * Problems are in {@link SpecSet.findings}; nothing is thrown.
   *
   * @param cache of an earlier reading
   */
  static read(directories: readonly SpecDirectory[], cache = new SpecCache()): SpecSet {
    const set = new SpecSet(cache);
    for (const directory of directories) set.#index(directory);
    for (const kind of KINDS) {
      for (const file of set.files(kind)) {
        if (file.directory.lazy !== true) set.#load(kind, file.name);
      }
    }
    for (const model of [...set.#models.interfaces.values()]) set.#resolveInterface(model);
    for (const model of [...set.#models.types.values()]) set.#resolveReferences(model);
    set.findings.push(...referenceCycles([...set.#models.types.values()]));
    return set;
  }

  /** The files of a kind, sorted by name. */
  files(kind: Kind): SpecFile[] {
    return [...this.#files[kind].values()].sort((a, b) => compareText(a.name, b.name));
  }

  /** The names of a kind, sorted. */
  names(kind: Kind): string[] {
    return this.files(kind).map((file) => file.name);
  }

  /** Where a file stands; undefined when there is none. */
  file(kind: Kind, name: string): SpecFile | undefined {
    return this.#files[kind].get(name);
  }

  /** An interface; undefined when there is none of that name. */
  interface(name: string): InterfaceModel | undefined {
    return this.#load('interfaces', name);
  }

  /** A type file; undefined when there is none of that name. */
  typeFile(name: string): TypeFileModel | undefined {
    return this.#load('types', name);
  }

  /** An error file; undefined when there is none of that name. */
  errorFile(name: string): ErrorFileModel | undefined {
    return this.#load('errors', name);
  }

  /** The errors that an interface lists, in the order of its list: `<namespace>/<Name>` and description. */
  errorsOf(model: InterfaceModel): { readonly type: string; readonly description: string }[] {
    return model.errors.flatMap(({ file, error }) =>
      Object.entries(this.errorFile(file)?.errors ?? {})
        .filter(([name]) => error === undefined || error === name)
        .map(([name, description]) => ({ type: `${file}/${name}`, description })),
    );
  }

  /** The type files that an interface or type file refers to, directly and through others, sorted. */
  typeFilesOf(model: InterfaceModel | TypeFileModel): string[] {
    const found = new Set<string>();
    const pending = model.references.map((reference) => reference.file);
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      if (found.has(file)) continue;
      found.add(file);
      pending.push(...(this.typeFile(file)?.references.map((reference) => reference.file) ?? []));
    }
    return [...found].sort(compareText);
  }

  #index(directory: SpecDirectory): void {
    const label = directory.label ?? directory.path;
    let found = false;
    for (const kind of KINDS) {
      const root = join(directory.path, kind);
      if (!isDirectory(root)) continue;
      found = true;
      for (const { name, path } of yamlFiles(root, this.findings, `${label}/${kind}`)) {
        this.#add(kind, { name, path, label: `${label}/${kind}${path.slice(root.length)}`, directory });
      }
    }
    if (found) return;
    const exists = isDirectory(directory.path);
    this.findings.push(
      new YamlSource(label, null).finding([], {
        code: exists ? 'no-specs' : 'missing-directory',
        message: exists ? 'the directory holds no specifications' : 'the directory does not exist',
        expected: 'a directory with interfaces/, types/ or errors/',
      }),
    );
  }

  #add(kind: Kind, file: SpecFile): void {
    const files = this.#files[kind];
    const other =
      files.get(file.name) ??
      [...files.values()].find(({ name }) => name.toLowerCase() === file.name.toLowerCase());
    if (other === undefined) {
      files.set(file.name, file);
      return;
    }
    const source = YamlSource.read(file.path, file.label);
    if (other.name !== file.name) {
      this.findings.push(
        source.finding([], {
          code: 'name-clash',
          message: `'${file.name}' differs from ${other.label} by case only`,
          expected: 'names that differ on every file system',
        }),
      );
    } else if (!jsonEqual(source.value, YamlSource.read(other.path).value)) {
      this.findings.push(
        source.finding([], {
          code: 'name-clash',
          message: `'${file.name}' is defined with different content in ${other.label}`,
          expected: 'one definition for each name',
        }),
      );
    }
  }

  #load<K extends Kind>(kind: K, name: string): Models[K] | undefined {
    const loaded = this.#models[kind].get(name);
    if (loaded !== undefined) return loaded;
    const file = this.#files[kind].get(name);
    if (file === undefined) return undefined;
    const { model, findings } = this.#cache.result(kind, file.path, () =>
      CHECKS[kind](YamlSource.read(file.path, file.label), name),
    );
    this.#models[kind].set(name, model);
    this.findings.push(...findings);
    return model;
  }

  #resolveInterface(model: InterfaceModel): void {
    this.#resolveReferences(model);
    const listed = new Set<string>();
    for (const { file, error, index } of model.errors) {
      const path = ['errors', index, 'reference'];
      const errors = this.errorFile(file)?.errors;
      const names = error === undefined ? Object.keys(errors ?? {}) : [error];
      if (errors === undefined) {
        const near = nearestName(file, this.names('errors'));
        this.findings.push(
          model.source.finding(path, {
            code: 'unresolved-reference',
            message: `there is no error file '${file}'`,
            expected: `one of ${listNames(this.names('errors'))}`,
            suggestion:
              near === undefined ? undefined : `/errors/${near}${error === undefined ? '' : `#/${error}`}`,
          }),
        );
      } else if (error !== undefined && !Object.hasOwn(errors, error)) {
        const near = nearestName(error, Object.keys(errors));
        this.findings.push(
          model.source.finding(path, {
            code: 'unresolved-reference',
            message: `error file '${file}' has no error '${error}'`,
            expected: `one of ${listNames(Object.keys(errors))}`,
            suggestion: near === undefined ? undefined : `/errors/${file}#/${near}`,
          }),
        );
      }
      for (const name of names) {
        const type = `${file}/${name}`;
        if (listed.has(type)) {
          this.findings.push(
            model.source.finding(path, {
              code: 'duplicate-error',
              message: `error '${type}' is referenced twice`,
            }),
          );
          break;
        }
        listed.add(type);
      }
    }
  }

  #resolveReferences(model: InterfaceModel | TypeFileModel): void {
    for (const { file, type, path } of model.references) {
      const types = this.typeFile(file)?.types;
      if (types !== undefined && Object.hasOwn(types, type)) continue;
      const files = this.names('types');
      const candidates = types === undefined ? files : Object.keys(types);
      const near = nearestName(types === undefined ? file : type, candidates);
      this.findings.push(
        model.source.finding(path, {
          code: 'unresolved-reference',
          message:
            types === undefined
              ? `there is no type file '${file}'`
              : `type file '${file}' has no type '${type}'`,
          expected: `one of ${listNames(candidates)}`,
          suggestion:
            near === undefined ? undefined : types === undefined ? `/${near}#/${type}` : `/${file}#/${near}`,
        }),
      );
    }
  }
}

function listNames(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ') || '(none)';
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The `.yaml` files below a folder, sorted. A file is named by its stem alone, whatever folder it is in. */
function yamlFiles(root: string, findings: Finding[], label: string): { name: string; path: string }[] {
  const found: { name: string; path: string }[] = [];
  try {
    for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
      if (entry.isDirectory()) continue;
      if (entry.name.endsWith('.yml')) {
        findings.push(
          new YamlSource(`${label}/${entry.name}`, null).finding([], {
            severity: 'warning',
            code: 'ignored-file',
            message: "the file is not read: its name must end in '.yaml'",
          }),
        );
      }
      if (!entry.name.endsWith('.yaml')) continue;
      found.push({ name: entry.name.slice(0, -'.yaml'.length), path: join(entry.parentPath, entry.name) });
    }
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    findings.push(
      new YamlSource(label, null).finding([], {
        code: 'unreadable-directory',
        message: `the directory cannot be read (${reason})`,
      }),
    );
  }
  return found.sort((a, b) => compareText(a.path, b.path));
}
