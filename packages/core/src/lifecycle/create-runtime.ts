// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import { hasErrors, type YamlSource } from '@carabiner/dialect';
import type { Bus } from '../bus/bus.js';
import { checkComposition } from '../composition/check-composition.js';
import { ClassCatalogue } from '../composition/class-catalogue.js';
import { CompositionSource } from '../composition/composition-source.js';
import { readComposition } from '../composition/read-composition.js';
import type { ModuleClass } from '../injection/module-class.js';
import { BootTimer } from '../observability/boot-tree.js';
import type { LogBook, LogOptions } from '../observability/logger.js';
import { CompositionError } from './lifecycle-errors.js';
import type { LoadedModule } from './module-slot.js';
import { Runtime } from './runtime.js';

/** How a runtime is made. Give `file` or `composition`. */
export interface RuntimeOptions {
  /** Path of a composition. */
  readonly file?: string;
  /** A composition as data. */
  readonly composition?: unknown;
  /** Module classes by module name, used before installed packages. */
  readonly modules?: { readonly [module: string]: ModuleClass };
  readonly clock?: Clock;
  readonly log?: LogBook | LogOptions;
  readonly bus?: Bus;
}

/**
 * Checks a composition, loads its modules and makes a runtime of it, which waits for `start`.
 *
 * @throws CompositionError with every finding when it cannot run
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { clock = systemClock } = options;
  const boot = new BootTimer('start', clock);
  const source: YamlSource =
    options.file === undefined
      ? CompositionSource.of(options.composition)
      : CompositionSource.read(options.file);
  const catalogue = new ClassCatalogue(options.modules ?? {});
  const { configuration, findings } = await boot.measure('check', () => {
    const read = readComposition(source);
    const checked = checkComposition(read.configuration, catalogue, source);
    return { configuration: read.configuration, findings: [...read.findings, ...checked.findings] };
  });
  if (hasErrors(findings)) throw new CompositionError(findings);
  const modules = new Map<string, LoadedModule>();
  for (const entry of configuration.modules) {
    const moduleClass = catalogue.classOf(entry);
    if (moduleClass !== undefined) modules.set(entry.id, { moduleClass, package: undefined });
  }
  return new Runtime({
    configuration,
    modules,
    findings,
    clock,
    boot,
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.bus === undefined ? {} : { bus: options.bus }),
  });
}
