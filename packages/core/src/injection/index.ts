// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { Lifecycle, scoped } from 'tsyringe';

export { inject, injectAll, injectable, delay, type DependencyContainer } from 'tsyringe';
export type { Disposable as ContainerDisposable } from 'tsyringe';
export { ModuleContainer } from './module-container.js';

/**
 * Class decorator: one object for each module instance, shared by everything in it and by nothing outside of it.
 *
 * tsyringe's own `singleton` means one for the whole process; two instances of a module would share it.
 */
export function singleton(): ReturnType<typeof scoped> {
  return scoped(Lifecycle.ContainerScoped);
}
