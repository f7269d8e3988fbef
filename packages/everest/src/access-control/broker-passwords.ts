// SPDX-License-Identifier: Apache-2.0
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BROKER_VARIABLES } from '../module-role/module-settings.js';
import { AccessControlError } from './access-control-error.js';
import type { BrokerUser } from './access-list.js';

/** Name of the file for Mosquitto's `password_file`. */
export const PASSWORD_FILE = 'mosquitto.passwords';

/** As many as mosquitto_passwd takes; the passwords are random, so guessing them is out of reach anyway. */
const ITERATIONS = 101;

/** Texts of files with passwords, by name; those of one folder belong together. */
export type PasswordFiles = ReadonlyMap<string, string>;

/**
 * Makes a random password for every user. Each process that somebody starts gets a file of environment variables: the
 * manager (named after its user) and every host with the passwords of the children they start, and every standalone module.
 * Hosts go by the manager's user, since all of them read the same composition.
 *
 * @param managerVariable - variable in which the composition says that the password is
 * @throws AccessControlError when the variables of two modules would have one name
 */
export function makePasswords(users: readonly BrokerUser[], managerVariable: string): PasswordFiles {
  const passwords = new Map<string, string>();
  const main = new Map<
    string | undefined,
    { readonly file: string; readonly variables: Map<string, string> }
  >();
  const files = new Map<string, string>();
  const variablesOf = (variables: ReadonlyMap<string, string>): string =>
    [...variables].map(([name, value]) => `${name}=${value}\n`).join('');
  for (const { name, kind, host } of users) {
    if (name === undefined) continue;
    const password = (kind === 'host' ? managerOf(passwords) : undefined) ?? newPassword();
    if (kind !== 'host') passwords.set(name, password);
    if (kind === 'manager' || kind === 'host')
      main.set(host, { file: `${name}.env`, variables: new Map([[managerVariable, password]]) });
    else if (kind === 'standalone')
      files.set(
        `${name}.env`,
        variablesOf(
          new Map([
            [BROKER_VARIABLES.username, name],
            [BROKER_VARIABLES.password, password],
          ]),
        ),
      );
    else {
      const variable = passwordVariable(name);
      const variables = main.get(host)?.variables;
      if (variables?.has(variable) === true)
        throw new AccessControlError(`two modules would have the variable ${variable}: rename '${name}'`);
      variables?.set(variable, password);
    }
  }
  for (const { file, variables } of main.values()) files.set(file, variablesOf(variables));
  files.set(
    PASSWORD_FILE,
    [...passwords].map(([name, password]) => `${name}:${mosquittoHash(password)}\n`).join(''),
  );
  return files;
}

/** The manager is the first of all users. */
function managerOf(passwords: ReadonlyMap<string, string>): string | undefined {
  return [...passwords.values()][0];
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Environment variable with the password of a module that a manager of this project starts. */
export function passwordVariable(moduleId: string): string {
  return `${BROKER_VARIABLES.password}_${moduleId.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

/**
 * Writes the files into a folder that only their owner can look into.
 *
 * @throws AccessControlError when there are passwords in it already: what is in use is not replaced by accident
 */
export function writePasswords(folder: string, files: PasswordFiles): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const present = [...files.keys()].find((name) => existsSync(join(folder, name)));
  if (present !== undefined)
    throw new AccessControlError(
      `${join(folder, present)} is there already: remove it to make new passwords for everybody`,
    );
  for (const [name, text] of files) {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
  }
}

/** A line's value of Mosquitto's password file: PBKDF2 with SHA-512. */
function mosquittoHash(password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
  return `$7$${ITERATIONS}$${salt.toString('base64')}$${hash.toString('base64')}`;
}
