// SPDX-License-Identifier: Apache-2.0
import { CarabinerError } from '../exceptions/index.js';

/** Metrics cannot be served at the address of `settings.carabiner.metrics`. */
export class MetricsAddressError extends CarabinerError {
  readonly code = 'METRICS_ADDRESS';
}
