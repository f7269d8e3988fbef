// SPDX-License-Identifier: Apache-2.0
// Runs the compiled tests of all packages in one mocha process. Arguments go to mocha; package folders among them
// restrict the run: `npm test -- packages/goose --grep HMAC`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const args = process.argv.slice(2);
const folders = args.filter((arg) => existsSync(join(arg, 'package.json')));
const all = [
  'codegen',
  ...readdirSync('packages').map((name) => join('packages', name)),
  ...readdirSync('examples').map((name) => join('examples', name)),
];
const specs = (folders.length > 0 ? folders : all)
  .map((folder) => join(folder, 'dist-test'))
  .concat(folders.length > 0 ? [] : [join('test', 'dist')])
  .filter((folder) => existsSync(folder))
  .map((folder) => `${folder}/**/*.test.js`);
const mocha = join(createRequire(import.meta.url).resolve('mocha/package.json'), '..', 'bin', 'mocha.js');
const { status } = spawnSync(
  process.execPath,
  [mocha, ...specs, ...args.filter((arg) => !folders.includes(arg))],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
