// SPDX-License-Identifier: Apache-2.0
import { CarabinerError } from '@carabiner/core';

/** A module that cannot take part: the manager does not know it, or its code was not found. */
export class ModuleRoleError extends CarabinerError {
  readonly code = 'EVEREST_MODULE_ROLE';
}
