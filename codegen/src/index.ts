// SPDX-License-Identifier: Apache-2.0
export { diff, formatChange, type DiffOptions } from './diff.js';
export {
  generate,
  Generator,
  type Generated,
  type GeneratedFiles,
  type GenerateOptions,
} from './generate.js';
export { compareOutput, writeOutput, type OutputChanges, type OutputSet } from './output.js';
export { run, type ExitCode, type RunOptions, type Terminal } from './run.js';
export { watch, type Watch } from './watch.js';
