// SPDX-License-Identifier: Apache-2.0
import type { Subscription } from '../contract/index.js';

/** A subscription that runs `undo` once. */
export function subscription(undo: () => void): Subscription {
  let active = true;
  const unsubscribe = (): void => {
    if (!active) return;
    active = false;
    undo();
  };
  return { unsubscribe, [Symbol.dispose]: unsubscribe };
}
