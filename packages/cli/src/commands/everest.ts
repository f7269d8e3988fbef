// SPDX-License-Identifier: Apache-2.0
import type { RegisterCommand } from '../command.js';
import { registerEverestAcl } from './everest-acl.js';
import { registerEverestInstall } from './everest-install.js';

/** `carabiner everest`: what a system of EVerest needs of us beside a running module. */
export const registerEverest: RegisterCommand = (program, context) => {
  const everest = program
    .command('everest')
    .description('put plugins into an EVerest installation; broker rules of a composition');
  registerEverestInstall(everest, context);
  registerEverestAcl(everest, context);
};
