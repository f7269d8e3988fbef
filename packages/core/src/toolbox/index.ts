// SPDX-License-Identifier: Apache-2.0
export { BackOff, type BackOffOptions } from './back-off.js';
export { untilAborted, withDeadline } from './cancellation.js';
export { keepConnected, type KeepConnectedOptions } from './keep-connected.js';
export { periodic, type PeriodicOptions } from './periodic.js';
export { PublishOnChange, within, type PublishOnChangeOptions } from './publish-on-change.js';
export { StaleWatch, type StaleWatchOptions } from './stale-watch.js';
