// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { container as root, type DependencyContainer } from 'tsyringe';
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
    const injected =
      Reflect.hasMetadata('design:paramtypes', moduleClass) ||
      Reflect.hasMetadata('injectionTokens', moduleClass);
    const instance: object = injected
      ? this.#container.resolve(moduleClass as unknown as new () => object)
      : new (moduleClass as unknown as new (context: AnyContext) => object)(context);
    if (!isModule(instance))
      throw new TypeError(`${moduleClass.name} is not a module: it has no init, ready, shutdown`);
    return instance;
  }

  /** Disposes of what the container made. */
  async dispose(): Promise<void> {
    await this.#container.dispose();
  }
}
