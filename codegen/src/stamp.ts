// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob } from './glob.js';
import { listGenerated, type OutputSet } from './output.js';
import { resolveSpecs } from './spec-sources.js';
import type { GenerateOptions } from './generate.js';

/** What a good run leaves behind, so that the next one can tell that nothing changed without doing it all again. */
interface Stamp {
  /** Digest of the inputs, the options and the generator itself. */
  readonly inputs: string;
  /** Digest of every file of every output directory, by absolute path. */
  readonly outputs: { readonly [path: string]: string };
  /** Warnings of the run. */
  readonly report: string;
}

/** The stamp of a set of options, kept in `node_modules/.cache` near the output; without such a folder there is none. */
export class StampFile {
  readonly #path: string | undefined;
  readonly #inputs: string;
  readonly #directories: readonly string[];

  /** Digests the inputs as they are now; what is read later is not part of it. */
  constructor(options: GenerateOptions) {
    const cwd = options.cwd ?? process.cwd();
    this.#directories = [options.out, options.jsonSchema, options.docs].flatMap((directory) =>
      directory === undefined ? [] : [resolve(cwd, directory)],
    );
    const cache = cacheFolder(resolve(cwd, options.out));
    const key = digest(JSON.stringify([options, cwd])).slice(0, 16);
    this.#path = cache === undefined ? undefined : join(cache, `${key}.json`);
    this.#inputs = this.#path === undefined ? '' : digestInputs(options, cwd);
  }

  /** Warnings of the run that made the present output; undefined when anything changed since. */
  current(): { readonly report: string; readonly files: number } | undefined {
    if (this.#path === undefined) return undefined;
    let stamp: Stamp;
    try {
      stamp = JSON.parse(readFileSync(this.#path, 'utf8')) as Stamp;
    } catch {
      return undefined;
    }
    if (stamp.inputs !== this.#inputs) return undefined;
    const present = this.#directories.flatMap((directory) =>
      listGenerated(directory).map((path) => join(directory, path)),
    );
    const wanted = Object.keys(stamp.outputs);
    if (present.length !== wanted.length) return undefined;
    const same = wanted.every((path) => digestFile(path) === stamp.outputs[path]);
    return same ? { report: stamp.report, files: wanted.length } : undefined;
  }

  /** Remembers a run whose output has just been written. */
  write(sets: readonly OutputSet[], report: string): void {
    if (this.#path === undefined) return;
    const outputs = Object.fromEntries(
      sets.flatMap(({ directory, files }) =>
        [...files].map(([path, text]) => [join(directory, path), digest(text)]),
      ),
    );
    const stamp: Stamp = { inputs: this.#inputs, outputs, report };
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(this.#path, JSON.stringify(stamp));
    } catch {
      // A stamp only saves time.
    }
  }
}

/** The nearest `node_modules`, upwards from the output. */
function cacheFolder(from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    if (isFolder(modules)) {
      return join(modules, '.cache', 'carabiner-codegen');
    }
    if (dirname(at) === at) return undefined;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function digestInputs(options: GenerateOptions, cwd: string): string {
  const hash = createHash('sha256');
  for (const path of inputFiles(options, cwd)) hash.update(`${path}\0${digestFile(path) ?? ''}\0`);
  for (const path of ownFiles()) {
    const stats = statSync(path, { throwIfNoEntry: false });
    hash.update(`${path}\0${stats?.size ?? ''}\0${stats?.mtimeMs ?? ''}\0`);
  }
  return hash.digest('hex');
}

function inputFiles(options: GenerateOptions, cwd: string): string[] {
  const specs = options.specs.flatMap((argument) => {
    const { directory, packageName } = resolveSpecs(argument, options.out, cwd);
    return [`${argument} ${packageName ?? ''}`, ...yamlFiles(directory.path)];
  });
  const manifests = (options.manifests ?? []).flatMap((pattern) =>
    glob(pattern, cwd).map((path) => resolve(cwd, path)),
  );
  return [...specs, ...manifests].sort();
}

function yamlFiles(folder: string): string[] {
  return ['interfaces', 'types', 'errors'].flatMap((kind) => {
    try {
      return readdirSync(join(folder, kind), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
        .map((entry) => join(entry.parentPath, entry.name));
    } catch {
      return [];
    }
  });
}

/** The generator's own code, so that a new version generates anew. */
function ownFiles(): string[] {
  const dialect = dirname(createRequire(import.meta.url).resolve('@carabiner/dialect'));
  return [dirname(fileURLToPath(import.meta.url)), dialect].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(folder, name)),
  );
}

function digestFile(path: string): string | undefined {
  try {
    return digest(readFileSync(path));
  } catch {
    return undefined;
  }
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
