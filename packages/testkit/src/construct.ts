// SPDX-License-Identifier: Apache-2.0
import { ModuleContainer, type ModuleContext } from '@carabiner/core';
import type { AnyModule, ModuleClass } from './harness-types.js';

/** The instance and the end of the container that made it. */
export interface Constructed<M> {
  readonly module: M;
  readonly container: ModuleContainer;
}

/** Makes the instance as a host does: in a container of its own, with the tokens that generated code knows. */
export function construct<M extends AnyModule>(
  moduleClass: ModuleClass<M>,
  context: ModuleContext<unknown, unknown, unknown, unknown>,
): Constructed<M> {
  const container = new ModuleContainer(context);
  // The container makes an instance of the class it is given.
  return { module: container.construct(moduleClass, context) as M, container };
}
