// SPDX-License-Identifier: Apache-2.0
export type { JsonValue } from './json-value.js';
export type { Restored } from './recovery.js';
export {
  StoreAccessError,
  StoreClosedError,
  StoreDamagedError,
  StoreError,
  StoreValueError,
} from './store-errors.js';
export { Store } from './store.js';
export { ValueStore, type ValueStoreOptions } from './value-store.js';
