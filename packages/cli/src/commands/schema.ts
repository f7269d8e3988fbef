// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { installedModules } from '../installed-modules.js';
import { compositionSchema } from '../schema/composition-schema.js';

const EXAMPLES = `
Editors with a YAML language server complete and check a composition that begins with
  # yaml-language-server: $schema=carabiner.schema.json
Write the schema again after modules were installed or updated.

Example:
  $ carabiner schema -o carabiner.schema.json
`;

/** `carabiner schema`: JSON Schema of compositions of the installed modules. */
export const registerSchema: RegisterCommand = (program, { io }) => {
  program
    .command('schema')
    .description('print the JSON Schema of compositions for the installed modules')
    .option('-d, --dir <folder>', 'where packages are looked for', '.')
    .option('-o, --output <file>', 'write to a file')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { readonly dir: string; readonly output?: string }) => {
      const schema = compositionSchema(await installedModules(resolve(io.cwd, options.dir)));
      const text = `${JSON.stringify(schema, undefined, 2)}\n`;
      if (options.output === undefined) io.out(text);
      else writeFileSync(resolve(io.cwd, options.output), text);
    });
};
