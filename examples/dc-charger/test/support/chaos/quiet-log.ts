// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@carabiner/core';

/** A log that nobody reads. */
export const quietLog: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quietLog,
};
