// SPDX-License-Identifier: Apache-2.0
import { toError } from '../exceptions/index.js';
import type { Subscription } from '../contract/index.js';
import { subscription } from '../lifecycle/subscription.js';
import { currentActivity, type Activity } from './activity.js';

/** Somebody who can say whose an uncaught failure is. */
export interface GuardClient {
  /** Takes the failure when it is one of its modules'. Returns whether it was. */
  claim(error: Error, activity: Activity | undefined): boolean;
  /** Nobody claimed the failure. */
  unclaimed(error: Error): void;
}

const clients = new Set<GuardClient>();

function onFailure(thrown: unknown): void {
  const error = toError(thrown);
  const activity = currentActivity();
  for (const client of clients) if (client.claim(error, activity)) return;
  for (const client of clients) client.unclaimed(error);
}

/** Takes uncaught exceptions and unhandled rejections of this process until it is undone. */
export function guardProcess(client: GuardClient): Subscription {
  if (clients.size === 0) {
    process.on('uncaughtException', onFailure);
    process.on('unhandledRejection', onFailure);
  }
  clients.add(client);
  return subscription(() => {
    clients.delete(client);
    if (clients.size > 0) return;
    process.off('uncaughtException', onFailure);
    process.off('unhandledRejection', onFailure);
  });
}
