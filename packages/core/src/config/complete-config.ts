// SPDX-License-Identifier: Apache-2.0
import { checkConfigValue, own } from '@carabiner/dialect';
import type { ConfigParameter, ConfigValue } from '../contract/index.js';
import type { ConfigValues } from '../composition/run-configuration.js';

/** Values of one place (module or implementation) with the defaults filled in. Changed in place at run time. */
export type LiveConfig = { [parameter: string]: ConfigValue };

/** What a module instance is configured with. */
export interface ModuleConfig {
  readonly module: LiveConfig;
  readonly implementations: { readonly [implementation: string]: LiveConfig };
}

/**
 * Fills in defaults and leaves out what the module does not know.
 *
 * @throws TypeError when a value is missing or does not conform; a checked composition has none such
 */
export function completeConfig(
  given: ConfigValues,
  parameters: { readonly [parameter: string]: ConfigParameter },
): LiveConfig {
  const values: LiveConfig = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = own(given, name) ?? parameter.default;
    if (value === undefined) throw new TypeError(`parameter '${name}' has no value and no default`);
    const problem = checkConfigValue(name, parameter, value);
    if (problem !== undefined) throw new TypeError(`parameter '${name}' must be ${problem.expected}`);
    values[name] = value;
  }
  return values;
}
