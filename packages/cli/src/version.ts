// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** Version of this package. */
export function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const found: unknown = typeof file === 'object' && file !== null ? Reflect.get(file, 'version') : undefined;
  return typeof found === 'string' ? found : 'unknown';
}
