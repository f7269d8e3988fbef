// SPDX-License-Identifier: Apache-2.0
import type { ModuleScope } from '../containment/module-scope.js';
import { currentActivity, runInScope } from '../containment/activity.js';
import type { ConfigChangeResult, ConfigValue, Subscription } from '../contract/index.js';
import { toError } from '../exceptions/index.js';
import { subscription } from '../lifecycle/subscription.js';

type Handler = (value: ConfigValue) => ConfigChangeResult | Promise<ConfigChangeResult>;

interface Registered {
  readonly scope: ModuleScope;
  readonly handler: Handler;
}

/** Handlers of one module for parameters that change at run time. The one registered last counts. */
export class ConfigHandlers {
  readonly #handlers = new Map<string, Registered[]>();

  add(scope: ModuleScope, parameter: string, handler: Handler, implementation?: string): Subscription {
    const key = keyOf(parameter, implementation);
    const list = this.#handlers.get(key) ?? [];
    this.#handlers.set(key, list);
    const registered = { scope, handler };
    list.push(registered);
    const remove = subscription(() => {
      forget();
      const index = list.indexOf(registered);
      if (index >= 0) list.splice(index, 1);
    });
    const forget = scope.undo.add(() => remove.unsubscribe());
    return remove;
  }

  /**
   * Asks the module. Without a handler a new value counts from the next start; a handler that throws rejects it.
   */
  async ask(
    parameter: string,
    value: ConfigValue,
    implementation: string | undefined,
  ): Promise<ConfigChangeResult> {
    const registered = this.#handlers.get(keyOf(parameter, implementation))?.at(-1);
    if (registered === undefined) return 'reboot-required';
    const { scope, handler } = registered;
    const label = `${scope.moduleId}.onConfigChange(${parameter})`;
    try {
      return await runInScope(scope, label, currentActivity()?.trace, async () => handler(value));
    } catch (thrown) {
      return { rejected: toError(thrown).message };
    }
  }
}

function keyOf(parameter: string, implementation: string | undefined): string {
  return `${implementation ?? '!module'}/${parameter}`;
}
