// SPDX-License-Identifier: Apache-2.0
// Generates packages/interfaces/src from its specs, and src/generated of every package that has manifests/*.yaml.
// `--check` writes nothing and exits 1 when something would change.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
execFileSync('npx', ['tsc', '-b', 'codegen'], { stdio: ['ignore', 'inherit', 'ignore'] });
const { run } = await import('../codegen/dist/run.js');

const specs = 'packages/interfaces/specs';
const check = process.argv.includes('--check');
const jobs = [
  {
    specs: [specs],
    out: 'packages/interfaces/src',
    jsonSchema: 'packages/interfaces/json-schema',
    docs: 'packages/interfaces/docs',
  },
  ...['packages', 'examples']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((folder) => readdirIfAny(`${folder}/manifests`).some((name) => name.endsWith('.yaml')))
    .sort()
    .map((folder) => ({
      specs: [specs, ...(existsSync(`${folder}/specs`) ? [`${folder}/specs`] : [])],
      manifests: [`${folder}/manifests/*.yaml`],
      out: `${folder}/src/generated`,
    })),
];
let exitCode = 0;
for (const job of jobs) exitCode = Math.max(exitCode, await run({ ...job, check }));
process.exitCode = exitCode;

function readdirIfAny(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}
