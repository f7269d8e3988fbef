// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { CliIo } from './io.js';

export { EXIT, type CliIo } from './io.js';
export { main } from './main.js';

/** Files, standard input and output of this process. */
export function processIo(): CliIo {
  // A reader may go away early, as `head` does. What the command found stands all the same, and so does its exit code.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  return {
    readStdin: async () => await buffer(process.stdin),
    readFile: (path) => readFileSync(path),
    // A key text may be longer than a file name may be; existsSync answers false then.
    fileExists: (path) => existsSync(path),
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  };
}
