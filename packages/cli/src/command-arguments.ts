// SPDX-License-Identifier: Apache-2.0
import { ExitCode } from './exit-codes.js';
import { UserError } from './user-error.js';

/**
 * Reads `psu/main`; the implementation may be left out when it is `main`.
 *
 * @throws UserError for anything else
 */
export function parseImplementation(text: string): {
  readonly moduleId: string;
  readonly implementationId: string;
} {
  const [moduleId = '', implementationId = 'main', ...rest] = text.split('/');
  if (moduleId === '' || implementationId === '' || rest.length > 0)
    throw new UserError(`"${text}" is no module/implementation, for example psu/main`, ExitCode.usage);
  return { moduleId, implementationId };
}

/**
 * Reads `name=value` pairs. A value that is JSON is taken as JSON, any other as text.
 *
 * @throws UserError for a pair without `=`, and for a name given twice
 */
export function parseArguments(pairs: readonly string[]): Readonly<Record<string, unknown>> {
  const args: Record<string, unknown> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UserError(`"${pair}" is no name=value`, ExitCode.usage);
    const name = pair.slice(0, at);
    if (Object.hasOwn(args, name)) throw new UserError(`argument "${name}" was given twice`, ExitCode.usage);
    args[name] = jsonOrText(pair.slice(at + 1));
  }
  return args;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
