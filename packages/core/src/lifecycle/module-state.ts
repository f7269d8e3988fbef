// SPDX-License-Identifier: Apache-2.0

/**
 * Where a module is in its life: `loaded` → `initialising` → `initialised` → `starting` (its `ready` runs) → `running`
 * → `stopping` → `stopped`. While it runs it may be `swapping`, or have `failed` and wait for its restart.
 */
export type ModuleState =
  | 'loaded'
  | 'initialising'
  | 'initialised'
  | 'starting'
  | 'running'
  | 'swapping'
  | 'failed'
  | 'stopping'
  | 'stopped';

/** What can be known of a module from outside. */
export interface ModuleStatus {
  readonly id: string;
  /** Module name. */
  readonly module: string;
  readonly package: string | undefined;
  readonly state: ModuleState;
  /** Why it is not running, as far as there is a reason. */
  readonly reason: string | undefined;
  /** Restarts since the start of the runtime. */
  readonly restarts: number;
  /** Implementation id → interface name. */
  readonly provides: { readonly [implementation: string]: string };
}
