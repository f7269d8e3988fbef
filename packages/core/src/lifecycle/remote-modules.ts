// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { FindingText } from '@carabiner/dialect';
import type { Bus } from '../bus/bus.js';
import type { ModuleShape } from '../composition/module-shape.js';
import type { ModuleEntry, RunConfiguration } from '../composition/run-configuration.js';
import type { Logger } from '../contract/index.js';
import type { ModuleState } from './module-state.js';

/** What modules in other processes tell the runtime. */
export interface RemoteHost {
  readonly configuration: RunConfiguration;
  /** Declarations by module id, of the modules of this process as well. */
  readonly shapes: ReadonlyMap<string, ModuleShape>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A module of another process changed its state. */
  stateChanged(moduleId: string, state: ModuleState, reason?: string): void;
}

/** A module's telemetry as it is published. */
export interface TelemetryMessage {
  readonly payload: string;
  readonly qos: 0 | 2;
}

/** Modules that run in other processes, and the bus that leads to them. */
export interface RemoteModules {
  readonly bus: Bus;
  /** True for entries that do not run in this process. */
  hosts(entry: ModuleEntry): boolean;
  /** What such an entry's module declares, where it is no installed package; undefined when it is one. */
  shapeOf?(entry: ModuleEntry): ModuleShape | undefined;
  /** Why a module that no package declares is not in another process either; see `CompositionOptions.whyMissing`. */
  whyMissing?(entry: ModuleEntry): FindingText | undefined;
  /** True for modules of this process that somebody elsewhere listens to or calls; default all. */
  exports?(moduleId: string): boolean;
  /** How a module's telemetry travels; default the bare JSON with QoS 0. */
  telemetry?(json: string): TelemetryMessage;
  /** Starts them, or begins to wait for them. Called before any module of this process is initialised. */
  start(host: RemoteHost): Promise<void>;
  /**
   * Every module of this process is initialised. Resolves when those of the others are, too: `ready` begins then.
   *
   * @throws Error that names the module which is missing
   */
  initialised(): Promise<void>;
  /** Stops them. Called after the modules of this process were stopped. */
  stop(): Promise<void>;
}
