// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Finding } from '@carabiner/dialect';
import type { LoadedComposition } from '../composition/load-composition.js';
import type { LoadedModule } from '../composition/module-resolver.js';
import type { BootTimer } from '../observability/boot-tree.js';
import type { LogBook, LogOptions } from '../observability/logger.js';
import type { RemoteModules } from './remote-modules.js';

/** What a runtime is made of, once its composition was checked and its modules were loaded. */
export interface RuntimeParts {
  readonly loaded: LoadedComposition;
  /** By module id; those of this process. */
  readonly modules: ReadonlyMap<string, LoadedModule>;
  /** Warnings of check and load. */
  readonly findings: readonly Finding[];
  readonly clock: Clock;
  readonly log: LogBook | LogOptions | undefined;
  readonly remote: RemoteModules | undefined;
  readonly boot: BootTimer;
}
