// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SigningKey } from './signing-key.js';

/**
 * The signing key of a file, which is made with a new key when it is not there; a new key without a file when `path` is
 * empty.
 */
export function readKeyFile(path: string): SigningKey {
  if (path === '') return SigningKey.generate();
  if (existsSync(path)) return SigningKey.fromPem(readFileSync(path, 'utf8'));
  const key = SigningKey.generate();
  writeFileSync(path, key.toPem(), { mode: 0o600, flag: 'wx' });
  return key;
}
