// SPDX-License-Identifier: Apache-2.0
import { checkConfigValue } from '@carabiner/dialect';
import type { ConfigParameter, ConfigValue } from '@carabiner/core';

type Parameters = { readonly [parameter: string]: ConfigParameter };

/** The test gave a configuration that the manifest does not allow. */
export class HarnessConfigError extends Error {
  readonly code = 'TESTKIT_CONFIG';
  override readonly name = 'HarnessConfigError';
}

/**
 * Applies the manifest's defaults and checks the values.
 *
 * @throws HarnessConfigError naming every parameter that is unknown, missing or out of range
 */
export function completeConfig(
  parameters: Parameters,
  given: { readonly [parameter: string]: unknown },
  where: string,
): { readonly [parameter: string]: ConfigValue } {
  const complete: Record<string, ConfigValue> = {};
  const wrong: string[] = Object.keys(given)
    .filter((name) => !(name in parameters))
    .map((name) => `${name}: unknown; there are ${Object.keys(parameters).join(', ') || 'none'}`);
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given[name] ?? parameter.default;
    if (!isConfigValue(value)) {
      wrong.push(
        `${name}: ${value === undefined ? 'missing, and there is no default' : 'not a plain value'}`,
      );
      continue;
    }
    const problem = problemOf(name, parameter, value);
    if (problem !== undefined) wrong.push(problem);
    complete[name] = value;
  }
  if (wrong.length > 0) throw new HarnessConfigError(`${where}: ${wrong.join('; ')}`);
  return complete;
}

function isConfigValue(value: unknown): value is ConfigValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** What is wrong with a value of a parameter, or undefined. */
export function problemOf(name: string, parameter: ConfigParameter, value: ConfigValue): string | undefined {
  const problem = checkConfigValue(name, parameter, value);
  return problem === undefined ? undefined : `${problem.message}; expected ${problem.expected}`;
}
