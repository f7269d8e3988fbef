// SPDX-License-Identifier: Apache-2.0
import { TimeoutError, withTimeout, type Clock } from '@carabiner/clock';
import { hasErrors, type Finding, type YamlSource } from '@carabiner/dialect';
import type { Bus } from '../bus/bus.js';
import { checkComposition } from '../composition/check-composition.js';
import { checkCompatibility } from '../composition/check-compatibility.js';
import type { LoadedModule, ModuleResolver } from '../composition/module-resolver.js';
import { shapeOf } from '../composition/module-shape.js';
import type { ModuleEntry, RunConfiguration } from '../composition/run-configuration.js';
import type { Logger } from '../contract/index.js';
import { CarabinerError, Shutdown, toError } from '../exceptions/index.js';
import type { ModuleClass } from '../injection/module-class.js';
import { CompositionError } from './lifecycle-errors.js';
import type { ModuleSlot } from './module-slot.js';
import type { Supervisor } from './supervisor.js';

/** What takes a module's place. A text is the name of an installed package that declares the same module name. */
export type Replacement = string | ModuleClass | { readonly module: string; readonly package?: string };

/** A swap failed; `restored` tells whether the former module serves again. */
export class SwapError extends CarabinerError {
  readonly code = 'SWAP_FAILED';

  constructor(
    readonly moduleId: string,
    readonly restored: boolean,
    cause: Error,
  ) {
    super(
      `module ${moduleId} could not be replaced: ${cause.message}; the former one ${restored ? 'serves again' : 'could not be started again'}`,
      { cause },
    );
  }
}

/** What a swap needs of its runtime. */
export interface SwapHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly log: Logger;
  readonly configuration: RunConfiguration;
  readonly source: YamlSource;
  readonly resolver: ModuleResolver;
  readonly slots: ReadonlyMap<string, ModuleSlot>;
  readonly supervisor: Supervisor;
}

/**
 * Puts another module in a running module's place. Calls wait meanwhile; consumers keep their clients. Everything that
 * can be checked is checked before the former module is touched.
 *
 * @throws CompositionError when the new module does not fit, with nothing changed
 * @throws SwapError when it failed to start
 */
export async function swap(slot: ModuleSlot, replacement: Replacement, host: SwapHost): Promise<void> {
  const entry = entryFor(slot.entry, replacement);
  const loaded = await loadFitting(entry, replacement, host);
  await slot.exclusive(async () => {
    await exchange(slot, entry, loaded, host);
  });
}

function entryFor(entry: ModuleEntry, replacement: Replacement): ModuleEntry {
  if (typeof replacement === 'string') return { ...entry, package: replacement };
  if (typeof replacement === 'function')
    return { ...entry, module: replacement.descriptor.module, package: undefined };
  return { ...entry, module: replacement.module, package: replacement.package };
}

async function loadFitting(
  entry: ModuleEntry,
  replacement: Replacement,
  host: SwapHost,
): Promise<LoadedModule> {
  const { configuration, source, slots } = host;
  const resolver =
    typeof replacement === 'function'
      ? host.resolver.with({ [replacement.descriptor.module]: replacement })
      : host.resolver.rescanned();
  const changed: RunConfiguration = {
    ...configuration,
    modules: configuration.modules.map((each) =>
      each.id === entry.id ? entry : { ...each, ...pickSource(slots.get(each.id)) },
    ),
  };
  // The others keep the classes they run with, whatever is installed by now.
  const catalogue = {
    find: (each: ModuleEntry) =>
      each.id === entry.id
        ? resolver.find(each)
        : (shapeOfRunning(slots.get(each.id)) ?? host.resolver.find(each)),
  };
  const { findings } = checkComposition(changed, catalogue, source);
  if (hasErrors(findings)) throw new CompositionError(findings);
  const loaded = await resolver.load(entry, configuration.settings.carabiner.loadTimeoutMs);
  if ('code' in loaded)
    throw new CompositionError([source.finding(['active_modules', entry.id, 'module'], loaded)]);
  const modules = new Map([...slots].map(([id, each]) => [id, each.loaded] as const));
  modules.set(entry.id, loaded);
  const differences: readonly Finding[] = checkCompatibility(changed.modules, modules, source);
  if (hasErrors(differences)) throw new CompositionError(differences);
  return loaded;
}

async function exchange(
  slot: ModuleSlot,
  entry: ModuleEntry,
  loaded: LoadedModule,
  host: SwapHost,
): Promise<void> {
  const former = { entry: slot.entry, loaded: slot.loaded };
  slot.endpoint.gate.pause();
  slot.moveTo('swapping');
  await drain(slot, host);
  await slot.unload();
  try {
    slot.adopt(entry, loaded);
    await slot.bringUp(host.bus);
    host.log.info('a module was replaced', {
      moduleId: slot.id,
      module: entry.module,
      package: loaded.package,
    });
  } catch (thrown) {
    const cause = toError(thrown);
    host.log.error('a module could not be replaced', { moduleId: slot.id, err: cause });
    await slot.unload();
    const restored = await restore(slot, former, host);
    throw new SwapError(slot.id, restored, cause);
  }
}

async function restore(
  slot: ModuleSlot,
  former: { readonly entry: ModuleEntry; readonly loaded: LoadedModule },
  host: SwapHost,
): Promise<boolean> {
  try {
    slot.adopt(former.entry, former.loaded);
    await slot.bringUp(host.bus);
    return true;
  } catch (thrown) {
    await slot.unload();
    host.supervisor.lost(slot, toError(thrown));
    return false;
  }
}

/** Waits for the calls that are served; those that take too long fail with `Shutdown`. */
async function drain(slot: ModuleSlot, { clock, configuration }: SwapHost): Promise<void> {
  const { drainTimeoutMs } = configuration.settings.carabiner;
  try {
    await withTimeout(clock, slot.endpoint.drained(), drainTimeoutMs, `calls of ${slot.id}`);
  } catch (thrown) {
    if (!(thrown instanceof TimeoutError)) throw thrown;
    slot.endpoint.interrupt(new Shutdown(`module ${slot.id} is being replaced`));
  }
}

function pickSource(slot: ModuleSlot | undefined): Partial<ModuleEntry> {
  return slot === undefined ? {} : { module: slot.entry.module, package: slot.entry.package };
}

function shapeOfRunning(slot: ModuleSlot | undefined): ReturnType<typeof shapeOf> | undefined {
  return slot === undefined ? undefined : shapeOf(slot.loaded.moduleClass.descriptor);
}
