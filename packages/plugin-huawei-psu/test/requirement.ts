// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'mocha';

/**
 * Skips the running test with `reason`, unless CARABINER_REQUIRE names `requirement`: then the test fails.
 */
export function skip(context: Context, requirement: string, reason: string): never {
  if ((process.env['CARABINER_REQUIRE'] ?? '').split(',').includes(requirement))
    throw new Error(`${requirement} is required but not available: ${reason}`);
  if (context.test !== undefined) context.test.title += ` (skipped: ${reason})`;
  return context.skip();
}
