// SPDX-License-Identifier: Apache-2.0
import type { Subscription } from '@carabiner/core';

/** A subscription that runs `undo` once. */
export function subscription(undo: () => void): Subscription {
  let done = false;
  const unsubscribe = (): void => {
    if (done) return;
    done = true;
    undo();
  };
  return { unsubscribe, [Symbol.dispose]: unsubscribe };
}
