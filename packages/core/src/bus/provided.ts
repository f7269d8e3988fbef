// SPDX-License-Identifier: Apache-2.0
import type { ModuleScope } from '../containment/module-scope.js';
import type { ErrorRaiser, InterfaceDescriptor, Provided, RaisedError } from '../contract/index.js';
import type { Callers } from './callers.js';
import type { ImplementationErrors } from '../errors/error-raiser.js';
import { SchemaValidationError } from '../exceptions/index.js';
import { subscription } from '../lifecycle/subscription.js';
import type { VariableMeter } from '../observability/meters.js';

/** A provider's end whose interface is known at run time only. */
export type AnyProvided = Provided<{ readonly [variable: string]: unknown }, string>;

/** What a provider's end is made of. */
export interface ProvidedOptions {
  readonly scope: ModuleScope;
  readonly implementation: string;
  readonly interface: InterfaceDescriptor;
  readonly errors: ImplementationErrors;
  readonly callers: Callers;
  readonly validates: boolean;
  meter(variable: string): VariableMeter;
  /** Hands a checked value to the bus. */
  publish(variable: string, value: unknown): void;
}

/** Makes what one module instance holds of one of its implementations. Mute once the instance was unloaded. */
export function makeProvided(options: ProvidedOptions): AnyProvided {
  const { scope, implementation, interface: descriptor, validates } = options;
  let mute = false;
  scope.undo.add(() => {
    mute = true;
  });
  const publish: { [variable: string]: (value?: unknown) => void } = {};
  for (const [name, variable] of Object.entries(descriptor.variables)) {
    const meter = options.meter(name);
    const check = variable.value;
    publish[name] = (value = null) => {
      if (mute) return;
      if (validates && !check.is(value)) {
        meter.refused += 1;
        throw new SchemaValidationError(
          `value of ${scope.moduleId}/${implementation}.${name}`,
          check.explain(value),
        );
      }
      meter.published += 1;
      options.publish(name, value);
    };
  }
  return {
    publish,
    errors: raiserOf(options.errors, () => mute),
    onCallerLost: (handler) => {
      const label = `${scope.moduleId}/${implementation}.onCallerLost`;
      const heard = options.callers.onLost((moduleId) => void scope.guard(label, () => handler(moduleId)));
      const forget = scope.undo.add(() => heard.unsubscribe());
      return subscription(() => {
        forget();
        heard.unsubscribe();
      });
    },
  };
}

function raiserOf(errors: ImplementationErrors, mute: () => boolean): ErrorRaiser {
  const unlessMute = (work: () => void): void => {
    if (!mute()) work();
  };
  return {
    raise: (report): RaisedError | undefined => (mute() ? undefined : errors.raise(report)),
    clear: (type, subType) => unlessMute(() => errors.clear(type, subType)),
    clearAllOf: (type) => unlessMute(() => errors.clearAllOf(type)),
    clearAll: () => unlessMute(() => errors.clearAll()),
    isActive: (type, subType) => errors.isActive(type, subType),
    get active() {
      return errors.active;
    },
  };
}
