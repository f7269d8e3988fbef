// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { container as root, injectable, type DependencyContainer } from 'tsyringe';
import type { TOKEN_NAMES } from '../contract/index.js';
import { token } from '../contract/index.js';
import { isModule, type AnyContext, type AnyModule, type ModuleClass } from './module-class.js';

/** The container of one module instance: holds its context and each member of it under its own token. */
export class ModuleContainer {
  readonly #container: DependencyContainer;

  constructor(context: AnyContext) {
    this.#container = root.createChildContainer();
    const values: { readonly [name in keyof typeof TOKEN_NAMES]: unknown } = {
      context,
      info: context.info,
      config: context.config,
      implementationConfig: context.implementationConfig,
      provides: context.provides,
      requires: context.requires,
      logger: context.log,
      clock: context.clock,
      signal: context.signal,
      externalMqtt: context.externalMqtt,
      telemetry: context.telemetry,
      globalErrors: context.globalErrors,
    };
    for (const [name, value] of Object.entries(values))
      this.#container.register(token(name), { useFactory: () => value });
  }

  /**
   * Constructs the module. A class without constructor or decorator gets the context as its only argument.
   *
   * @throws TypeError when what came out is no module
   */
  construct(moduleClass: ModuleClass, context: AnyContext): AnyModule {
    moduleClass.register?.(this.#container);
    const plain = moduleClass as unknown as new (context: AnyContext) => object;
    let instance: object;
    if (isInjected(moduleClass)) {
      // Makes the parameters known to the container where the author left out the decorator.
      injectable()(plain);
      instance = this.#container.resolve(plain);
    } else instance = new plain(context);
    if (!isModule(instance))
      throw new TypeError(`${moduleClass.name} is not a module: it has no init, ready, shutdown`);
    return instance;
  }

  /** Disposes of what the container made. */
  async dispose(): Promise<void> {
    await this.#container.dispose();
  }
}

/** True when the container is to find the constructor's arguments: the class says what it wants, or inherits it. */
function isInjected(moduleClass: ModuleClass): boolean {
  const keys = ['design:paramtypes', 'injectionTokens'];
  if (keys.some((key) => Reflect.hasOwnMetadata(key, moduleClass))) return true;
  // A constructor of its own hides what the base class wants.
  return moduleClass.length === 0 && keys.some((key) => Reflect.hasMetadata(key, moduleClass));
}
