// SPDX-License-Identifier: Apache-2.0
import { processIo } from './cli-io.js';
import { runCli } from './program.js';

/** Runs the process's own command line. */
export async function main(): Promise<void> {
  process.exitCode = await runCli(process.argv.slice(2), processIo());
}
