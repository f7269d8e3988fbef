// SPDX-License-Identifier: Apache-2.0

/** Where the power unit tells what happens. Never gets a key. */
export interface MockLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** Tells nobody. */
export const SILENT_LOG: MockLog = { info: () => undefined, warn: () => undefined };
