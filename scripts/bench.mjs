// SPDX-License-Identifier: Apache-2.0
// Runs every `bench/*.mjs` of every package, one after the other, each in a process of its own; they print one JSON line
// per figure. Arguments restrict the run: `npm run bench -- goose ocmf`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const wanted = process.argv.slice(2);
const roots = [
  'codegen',
  ...['packages', 'examples'].flatMap((dir) => readdirSync(dir).map((name) => join(dir, name))),
];
const files = roots
  .map((root) => join(root, 'bench'))
  .filter((dir) => existsSync(dir))
  .flatMap((dir) =>
    readdirSync(dir)
      .filter((name) => name.endsWith('.mjs'))
      .sort()
      .map((name) => join(dir, name)),
  )
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)));

let failed = 0;
for (const file of files) {
  const { status } = spawnSync(process.execPath, ['--expose-gc', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    failed += 1;
    process.stderr.write(`${file} ended with status ${String(status)}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);
