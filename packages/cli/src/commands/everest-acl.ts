// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CommandContext, RegisterCommand } from '../command.js';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../user-error.js';

const EXAMPLES = `
Writes an access list for Mosquitto (acl_file). Each process of the composition is a user of the broker, named after its
module, and may publish and get exactly what the module's manifest and connections need. The process that plays the manager
may use everything inside the system.

With --passwords the folder gets mosquitto.passwords (for Mosquitto's password_file) and files of environment variables:
one for the process that plays the manager, with the passwords of its child processes, one for each further host and each
standalone module. Only their owner can read them.

Examples:
  $ carabiner everest acl charger.yaml -o charger.acl
  $ carabiner everest acl charger.yaml -o charger.acl --passwords secrets
  $ carabiner everest acl charger.yaml --external psu_mock=psu/# --external api=site/+/state
`;

interface AclOptions {
  readonly output?: string;
  readonly passwords?: string;
  readonly external?: readonly string[];
}

/** `carabiner everest acl`: who may say what on the broker between processes. */
export const registerEverestAcl: RegisterCommand = (everest, context) => {
  everest
    .command('acl')
    .description('write an access list of a composition for the Mosquitto broker')
    .argument('<composition>', 'YAML file')
    .option('-o, --output <file>', 'default standard output')
    .option('--passwords <folder>', 'make a password for each process, too')
    .option('--external <module=filter...>', 'topics of the outside world that a module may use')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: AclOptions) => {
      await writeAccessList(file, options, context);
    });
};

async function writeAccessList(
  file: string,
  { output, passwords, external = [] }: AclOptions,
  { io }: CommandContext,
): Promise<void> {
  const path = resolve(io.cwd, file);
  if (!existsSync(path)) throw new UserError(`there is no file ${file}`);
  const { brokerAccessList, makePasswords, writePasswords } = await import('@carabiner/everest');
  const { text, users, managerVariable, warnings } = brokerAccessList({
    file: path,
    external: externalTopics(external),
  });
  // Passwords first: they refuse when there are some, and then nothing has been written.
  if (passwords !== undefined) {
    const files = makePasswords(users, managerVariable);
    writePasswords(resolve(io.cwd, passwords), files);
    for (const name of files.keys()) io.err(`wrote ${join(passwords, name)}\n`);
  }
  if (output === undefined) io.out(text);
  else {
    await writeFile(resolve(io.cwd, output), text);
    io.err(`wrote ${output}: ${users.length} users\n`);
  }
  for (const warning of warnings) io.err(`carabiner: warning: ${warning}\n`);
}

function externalTopics(given: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const topics: Record<string, readonly string[]> = {};
  for (const text of given) {
    const [, module, filter] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (module === undefined || filter === undefined)
      throw new UserError(`--external ${text}: expected <module id>=<topic filter>`, ExitCode.usage);
    topics[module] = [...(topics[module] ?? []), filter];
  }
  return topics;
}
