// SPDX-License-Identifier: Apache-2.0
import type { RegisterCommand } from '../command.js';

/** `carabiner new`: a package to begin with. */
export const registerNew: RegisterCommand = (program) => {
  program.command('new').description('make a new package');
};
