// SPDX-License-Identifier: Apache-2.0
export { TimeoutError, withTimeout, type Clock, type TimeoutOptions, type Timer } from './clock.js';
export { ScaledClock } from './scaled-clock.js';
export { SystemClock, systemClock } from './system-clock.js';
