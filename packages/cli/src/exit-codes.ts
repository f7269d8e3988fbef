// SPDX-License-Identifier: Apache-2.0

/** What the process tells its caller at the end. */
export const ExitCode = {
  /** Done; `run` was asked to stop and stopped. */
  ok: 0,
  /**
   * The thing asked about is wrong: errors in the composition, a module that did not start, a call that failed, a
   * failure outside of every module.
   */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** There is no running instance to talk to. */
  noInstance: 3,
  /** A defect of this program. */
  internal: 70,
  /** A second SIGINT (Ctrl-C) ended a shutdown that took too long. */
  interrupted: 130,
  /** The same by a second SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
