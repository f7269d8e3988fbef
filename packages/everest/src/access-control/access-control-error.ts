// SPDX-License-Identifier: Apache-2.0
import { CarabinerError } from '@carabiner/core';

/** No access list can be made of a composition. */
export class AccessControlError extends CarabinerError {
  readonly code = 'EVEREST_ACCESS_CONTROL';
}
