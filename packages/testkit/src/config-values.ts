// SPDX-License-Identifier: Apache-2.0
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
    const problem = problemOf(parameter, value);
    if (problem !== undefined) wrong.push(`${name}: ${problem}`);
    complete[name] = value;
  }
  if (wrong.length > 0) throw new HarnessConfigError(`${where}: ${wrong.join('; ')}`);
  return complete;
}

function isConfigValue(value: unknown): value is ConfigValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** What is wrong with a value of a parameter, or undefined. */
export function problemOf(parameter: ConfigParameter, value: ConfigValue): string | undefined {
  const shown = JSON.stringify(value);
  if (!hasType(parameter.type, value)) return `${shown} is no ${parameter.type}`;
  if (parameter.enum !== undefined && !parameter.enum.includes(value))
    return `${shown} is none of ${parameter.enum.map((each) => JSON.stringify(each)).join(', ')}`;
  if (typeof value === 'number') {
    if (parameter.minimum !== undefined && value < parameter.minimum)
      return `${shown} is less than ${parameter.minimum}`;
    if (parameter.maximum !== undefined && value > parameter.maximum)
      return `${shown} is more than ${parameter.maximum}`;
  }
  if (typeof value === 'string') {
    const length = Array.from(value).length;
    if (parameter.minLength !== undefined && length < parameter.minLength)
      return `${shown} is shorter than ${parameter.minLength}`;
    if (parameter.maxLength !== undefined && length > parameter.maxLength)
      return `${shown} is longer than ${parameter.maxLength}`;
    if (parameter.pattern !== undefined && !new RegExp(parameter.pattern).test(value))
      return `${shown} does not match ${parameter.pattern}`;
  }
  return undefined;
}

function hasType(type: ConfigParameter['type'], value: ConfigValue): boolean {
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}
