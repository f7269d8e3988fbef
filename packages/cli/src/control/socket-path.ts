// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../user-error.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The folder of control sockets: `CARABINER_RUNTIME_DIR`, else a folder of this user in the runtime directory. */
export function runtimeDir(env: Env): string {
  if (env['CARABINER_RUNTIME_DIR'] !== undefined) return resolve(env['CARABINER_RUNTIME_DIR']);
  const base = env['XDG_RUNTIME_DIR'];
  if (base !== undefined && base !== '') return join(base, 'carabiner');
  return join(tmpdir(), `carabiner-${process.getuid?.() ?? 'user'}`);
}

/**
 * Makes the folder of control sockets, readable by its owner only.
 *
 * @throws UserError when it belongs to somebody else or others may enter it
 */
export function prepareRuntimeDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const stat = lstatSync(dir);
  const uid = process.getuid?.();
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid) || (stat.mode & 0o077) !== 0)
    throw new UserError(
      `${dir} must be a folder of yours that nobody else can enter (mode 0700); set CARABINER_RUNTIME_DIR to another folder`,
    );
}

/** The control socket of a composition: one for each file. */
export function socketPathOf(composition: string, env: Env): string {
  let path = resolve(composition);
  try {
    path = realpathSync(path);
  } catch {
    // A composition that is gone may still run.
  }
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 10);
  const name = basename(path)
    .replace(/\.[^.]*$/, '')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 32);
  return join(runtimeDir(env), `${name}-${hash}.sock`);
}
