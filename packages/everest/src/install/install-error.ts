// SPDX-License-Identifier: Apache-2.0
import { CarabinerError } from '@carabiner/core';

/** A module that cannot be installed into, or removed from, an EVerest installation; nothing was changed. */
export class EverestInstallError extends CarabinerError {
  readonly code = 'EVEREST_INSTALL';
}
