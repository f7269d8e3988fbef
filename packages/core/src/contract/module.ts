// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { ErrorMonitor, Mapping, Subscription } from './errors.js';
import type { InterfaceDescriptor } from './interface-descriptor.js';

/** Log of one module instance; every line carries the module id. Values go into `fields`, never secrets. */
export interface Logger {
  trace(message: string, fields?: object): void;
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  child(fields: object): Logger;
}

export type ConfigValue = string | number | boolean;

/** A configuration parameter as its manifest declares it. */
export interface ConfigParameter {
  readonly type: 'string' | 'number' | 'integer' | 'boolean';
  readonly description: string;
  readonly default?: ConfigValue;
  readonly mutability: 'ReadOnly' | 'ReadWrite' | 'WriteOnly';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly enum?: readonly ConfigValue[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** All that is known of a module at run time. Generated from its manifest. */
export interface ModuleDescriptor {
  /** Module name, for example `HuaweiPsu`. */
  readonly module: string;
  readonly description: string;
  readonly config: { readonly [parameter: string]: ConfigParameter };
  readonly provides: {
    readonly [implementation: string]: {
      readonly description: string;
      readonly interface: InterfaceDescriptor;
      readonly config: { readonly [parameter: string]: ConfigParameter };
    };
  };
  readonly requires: {
    readonly [requirement: string]: {
      readonly interface: InterfaceDescriptor;
      readonly minConnections: number;
      readonly maxConnections: number;
      readonly ignore: { readonly errors: boolean; readonly variables: readonly string[] };
    };
  };
  readonly enableExternalMqtt: boolean;
  readonly enableTelemetry: boolean;
  readonly enableGlobalErrors: boolean;
}

/** Who a module instance is. */
export interface ModuleInfo {
  /** Module id of the composition. */
  readonly id: string;
  /** Module name. */
  readonly module: string;
  readonly mapping?: Mapping;
  readonly implementationMapping: { readonly [implementation: string]: Mapping };
}

/** Messages with the world outside, over an MQTT broker. Needs `enable_external_mqtt`. */
export interface ExternalMqtt {
  publish(
    topic: string,
    payload: string | Uint8Array,
    options?: { readonly retain?: boolean },
  ): Promise<void>;
  /** Wildcards allowed. Resolves when the broker has confirmed, or at once while it is out of reach. */
  subscribe(
    topic: string,
    handler: (payload: string, topic: string) => void | Promise<void>,
  ): Promise<Subscription>;
  /** False while the broker is out of reach; messages are queued up to a bound. */
  readonly connected: boolean;
}

/** Flat values for an operator's telemetry. Needs `enable_telemetry` and a telemetry id in the composition. */
export interface Telemetry {
  publish(category: string, subcategory: string, values: { readonly [key: string]: ConfigValue }): void;
}

/** Answer of a handler to a changed parameter. */
export type ConfigChangeResult = 'accepted' | 'reboot-required' | { readonly rejected: string };

/** All that a module instance gets from its host. Each member is also injectable by its own token. */
export interface ModuleContext<Config, ImplementationConfig, Provides, Requires> {
  readonly info: ModuleInfo;
  /** Module-level configuration, complete (defaults applied) and valid. */
  readonly config: Config;
  /** Configuration of each provided implementation. */
  readonly implementationConfig: ImplementationConfig;
  readonly provides: Provides;
  readonly requires: Requires;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted when the module begins to shut down. */
  readonly signal: AbortSignal;
  readonly externalMqtt: ExternalMqtt | undefined;
  readonly telemetry: Telemetry | undefined;
  /** Errors of every module; undefined unless the manifest has `enable_global_errors`. */
  readonly globalErrors: ErrorMonitor | undefined;
  /**
   * Called when a `ReadWrite` parameter is set at run time, before the new value counts.
   * `implementation` undefined means the module level.
   */
  onConfigChange(
    parameter: string,
    handler: (value: ConfigValue) => ConfigChangeResult | Promise<ConfigChangeResult>,
    implementation?: string,
  ): Subscription;
  /** Registers an undo, run in reverse order after `shutdown`, also when start-up fails half-way. */
  onUnload(undo: () => void | Promise<void>): void;
}

/**
 * Base of every module class; modules extend the typed subclass that the generator makes of their manifest.
 *
 * Life: constructed → `init` → (every module initialised) → `ready` → `shutdown`. Commands can arrive once `init` has
 * ended; nothing is delivered before.
 */
export abstract class Module<Config, ImplementationConfig, Provides, Requires, Implementations> {
  readonly info: ModuleInfo;
  protected readonly config: Config;
  protected readonly implementationConfig: ImplementationConfig;
  protected readonly provides: Provides;
  protected readonly requires: Requires;
  protected readonly log: Logger;
  protected readonly clock: Clock;
  protected readonly signal: AbortSignal;

  /** One object for each provided implementation, with a method for each command of its interface. */
  abstract readonly implementations: Implementations;

  constructor(protected readonly context: ModuleContext<Config, ImplementationConfig, Provides, Requires>) {
    this.info = context.info;
    this.config = context.config;
    this.implementationConfig = context.implementationConfig;
    this.provides = context.provides;
    this.requires = context.requires;
    this.log = context.log;
    this.clock = context.clock;
    this.signal = context.signal;
  }

  /** Prepares the module; requirements may be subscribed here. Bounded by `settings.carabiner.init_timeout_ms`. */
  init(): void | Promise<void> {}

  /** All modules are initialised: begin to work. */
  ready(): void | Promise<void> {}

  /** Stop working, bring hardware into a safe state. Bounded. */
  shutdown(): void | Promise<void> {}
}
