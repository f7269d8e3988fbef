// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';
import { token, type ModuleContext, type TOKEN_NAMES } from '@carabiner/core';
import { container } from 'tsyringe';
import type { AnyModule, ModuleClass } from './harness-types.js';

type Context = ModuleContext<unknown, unknown, unknown, unknown>;

/** Makes the instance as a host does: in a container of its own, with the tokens that generated code knows. */
export function construct<M extends AnyModule>(moduleClass: ModuleClass<M>, context: Context): M {
  const child = container.createChildContainer();
  const values: { readonly [N in keyof typeof TOKEN_NAMES]: unknown } = {
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
    child.register(token(name), { useFactory: () => value });
  // A class without a constructor of its own has nothing to inject: it takes the context.
  const constructor = moduleClass as unknown as new (context: Context) => M;
  return constructor.length === 0 ? new constructor(context) : child.resolve(constructor);
}
