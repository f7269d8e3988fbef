// SPDX-License-Identifier: Apache-2.0
import { existsSync, watch as watchFiles, type FSWatcher } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Generator, type GenerateOptions } from './generate.js';
import { compareOutput, compareSets, type OutputSet } from './output.js';
import { outputSets, PROCESS, reportFindings, summary, tryWrite, type Terminal } from './run.js';
import { resolveSpecs } from './spec-sources.js';

/** A watch that runs. */
export interface Watch {
  /** Resolves when everything noticed so far has been generated. */
  settled(): Promise<void>;
  /** Ends the watch. */
  close(): void;
}

/**
 * Generates, then again whenever an input changes; only what depends on the changed file is done anew. Findings are
 * printed and the watch goes on; the output stays as it was until they are gone.
 */
export function watch(options: GenerateOptions, terminal: Terminal = PROCESS): Watch {
  const loop = new WatchLoop(options, terminal);
  loop.trigger();
  return loop;
}

class WatchLoop implements Watch {
  readonly #options: GenerateOptions;
  readonly #terminal: Terminal;
  readonly #generator: Generator;
  readonly #watchers: FSWatcher[];
  #written: readonly OutputSet[] | undefined;
  #wanted = false;
  #running: Promise<void> | undefined;

  constructor(options: GenerateOptions, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
    this.#generator = new Generator(options);
    this.#watchers = watchedFolders(options).map((folder) =>
      watchFiles(folder, { recursive: true }, (_event, name) => {
        if (name === null || name.endsWith('.yaml')) this.trigger();
      }),
    );
  }

  /** Generates once more, after the run that goes on. */
  trigger(): void {
    this.#wanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      // Several events of one change come in one turn of the loop.
      await new Promise((resolved) => setImmediate(resolved));
      this.#wanted = false;
      await this.#once();
    }
  }

  async #once(): Promise<void> {
    const start = performance.now();
    const generated = await this.#generator.generate();
    const first = this.#written === undefined;
    if ((await reportFindings(generated, !first, this.#terminal)) === undefined) return;
    const sets = outputSets(this.#options, generated);
    const written = this.#written;
    const changes = sets.map((set, index) => {
      const before = written?.[index];
      return before === undefined ? compareOutput(set) : compareSets(before, set);
    });
    if (!tryWrite(sets, changes, this.#terminal)) return;
    this.#written = sets;
    const spent = Math.round(performance.now() - start);
    this.#terminal.out(`${summary(this.#options.out, sets, changes)} (${spent} ms)`);
  }
}

function watchedFolders(options: GenerateOptions): string[] {
  const cwd = options.cwd ?? process.cwd();
  const specs = options.specs.map((argument) => resolveSpecs(argument, options.out, cwd).directory.path);
  const manifests = (options.manifests ?? []).map((pattern) => {
    const star = pattern.indexOf('*');
    return resolve(cwd, dirname(star === -1 ? pattern : `${pattern.slice(0, star)}x`));
  });
  // One that is missing is among the findings.
  return [...new Set([...specs, ...manifests])].filter((folder) => existsSync(folder));
}
