// SPDX-License-Identifier: Apache-2.0
import { SchemaValidationError, type Validator } from '@carabiner/core';

/** The error for a value that does not conform, or undefined when it does. */
export function nonConformance(
  validator: Validator,
  value: unknown,
  subject: string,
): SchemaValidationError | undefined {
  return validator.is(value) ? undefined : new SchemaValidationError(subject, validator.explain(value));
}
