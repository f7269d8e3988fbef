// SPDX-License-Identifier: Apache-2.0
import type { DependencyContainer } from 'tsyringe';
import type { Module, ModuleContext, ModuleDescriptor } from '../contract/index.js';

/** A module whose types are known at run time only. */
export type AnyModule = Module<unknown, unknown, unknown, unknown, unknown>;
/** A context whose types are known at run time only. */
export type AnyContext = ModuleContext<unknown, unknown, unknown, unknown>;

/** A module class: the author's subclass of a generated base. */
export interface ModuleClass {
  readonly name: string;
  readonly descriptor: ModuleDescriptor;
  /** Registers classes of the module in its own container, before the module is constructed. */
  register?(container: DependencyContainer): void;
  // The parameters are what the author injects; only the container knows them.
  new (...dependencies: never[]): object;
}

/** Has the members of a module. The contract's base class is told by what it can do: a plugin may carry a copy of it. */
export function isModule(value: object): value is AnyModule {
  return ['init', 'ready', 'shutdown'].every((method) => typeof Reflect.get(value, method) === 'function');
}

/** True for a class with a descriptor, as the generator makes them. */
export function isModuleClass(value: unknown): value is ModuleClass {
  if (typeof value !== 'function') return false;
  const descriptor: unknown = Reflect.get(value, 'descriptor');
  return (
    typeof descriptor === 'object' &&
    descriptor !== null &&
    typeof Reflect.get(descriptor, 'module') === 'string'
  );
}
