// SPDX-License-Identifier: Apache-2.0
import type { RegisterCommand } from '../command.js';
import { registerCall } from './call.js';
import { registerCheck } from './check.js';
import { registerCompletion } from './completion.js';
import { registerDoctor } from './doctor.js';
import { registerEverest } from './everest.js';
import { registerGraph } from './graph.js';
import { registerInit } from './init.js';
import { registerModule } from './module.js';
import { registerModules } from './modules.js';
import { registerNew } from './new.js';
import { registerRun } from './run.js';
import { registerSchema } from './schema.js';
import { registerStop } from './stop.js';
import { registerSwap } from './swap.js';
import { registerWatch } from './watch.js';

/**
 * All commands, in the order of the help text. Another family of commands is one line here. What a command needs is
 * loaded by its action: every command line, shell completion too, pays for what is imported at the top.
 */
export const COMMANDS: readonly RegisterCommand[] = [
  registerRun,
  registerCheck,
  registerGraph,
  registerModules,
  registerInit,
  registerSchema,
  registerCall,
  registerWatch,
  registerSwap,
  registerStop,
  registerNew,
  registerModule,
  registerEverest,
  registerDoctor,
  registerCompletion,
];
