// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import { hasErrors } from '@carabiner/dialect';
import { otherCopies } from '../composition/core-copy.js';
import { checkCompatibility } from '../composition/check-compatibility.js';
import { loadComposition, type CompositionOptions } from '../composition/load-composition.js';
import type { ModuleEntry } from '../composition/run-configuration.js';
import { BootTimer } from '../observability/boot-tree.js';
import type { LogBook, LogOptions } from '../observability/logger.js';
import { CompositionError } from './lifecycle-errors.js';
import type { RemoteModules } from './remote-modules.js';
import { Runtime } from './runtime.js';

/** How a runtime is made. */
export interface RuntimeOptions extends CompositionOptions {
  /** Default the system's. */
  readonly clock?: Clock;
  readonly log?: LogBook | LogOptions;
  /** Modules in other processes; without it a module with `isolation: process` or `standalone` is refused. */
  readonly remote?: RemoteModules;
}

/**
 * Checks a composition, loads its modules and makes a runtime of it, which waits for `start`.
 *
 * @throws CompositionError with every finding when it cannot run
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { clock = systemClock, remote, log } = options;
  const boot = new BootTimer('start', clock);
  const loaded = await boot.measure('check', () =>
    loadComposition({
      ...options,
      shapeOf: (entry) =>
        options.shapeOf?.(entry) ?? (remote?.hosts(entry) === true ? remote.shapeOf?.(entry) : undefined),
      whyMissing: (entry) => options.whyMissing?.(entry) ?? remote?.whyMissing?.(entry),
    }),
  );
  const { configuration, source, resolver } = loaded;
  const misplaced = configuration.modules
    .filter((entry) => remote === undefined && isMeantForAnother(entry))
    .map((entry) =>
      source.finding(['active_modules', entry.id, placementKey(entry)], {
        code: 'no-other-processes',
        message: `module '${entry.id}' is meant for another process, and this runtime has no way to one`,
        expected: 'a runtime with a broker between processes, or the module in this process',
      }),
    );
  const findings = [...loaded.findings, ...misplaced];
  if (hasErrors(findings)) throw new CompositionError(findings);
  const inline = configuration.modules.filter((entry) => remote?.hosts(entry) !== true);
  const { modules, findings: loadFindings } = await boot.measure('load', async (timer) =>
    resolver.loadAll(inline, source, configuration.settings.carabiner.loadTimeoutMs, async (name, work) =>
      timer.measure(name, work),
    ),
  );
  findings.push(...otherCopies(source), ...loadFindings, ...checkCompatibility(inline, modules, source));
  if (hasErrors(findings)) throw new CompositionError(findings);
  return new Runtime({ loaded, modules, findings, clock, log, remote, boot });
}

function isMeantForAnother({ isolation, standalone, host }: ModuleEntry): boolean {
  return isolation === 'process' || standalone || host !== undefined;
}

function placementKey({ standalone, host }: ModuleEntry): string {
  if (standalone) return 'standalone';
  return host === undefined ? 'isolation' : 'host';
}
