// SPDX-License-Identifier: Apache-2.0
// What the generator costs, over EVerest's files where they are at hand, else over the specifications of this repository.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Generator, writeOutput } from '@carabiner/codegen';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const corpus = here('../../../shared/everest-corpus');
const own = here('../../packages/interfaces/specs');
const root = here('../dist-test/bench');
const out = join(root, 'out');
const what = existsSync(corpus) ? 'EVerest, 118 manifests' : 'own specifications';
const source = join(tmpdir(), `carabiner-bench-${process.pid}`);

function report(bench, value, unit, peer = {}) {
  console.log(JSON.stringify({ bench, value: Number(value.toPrecision(4)), unit, ...peer }));
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Runs the command in a process of its own: wall time in ms and peak memory in MB. */
function cold(args) {
  const start = performance.now();
  const script = `
    const { main } = await import(${JSON.stringify(here('../dist/cli.js'))});
    process.exitCode = await main(process.argv.slice(1));
    process.stderr.write(String(process.resourceUsage().maxRSS / 1024));`;
  const text = execFileSync(
    process.execPath,
    ['--input-type=module', '-e', script, '--', ...args, '--quiet'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'buffer',
    },
  );
  return { ms: performance.now() - start, text };
}

/** Peak memory in MB of one run. */
function peakMemory(args) {
  const script = `
    const { main } = await import(${JSON.stringify(here('../dist/cli.js'))});
    process.exitCode = await main(process.argv.slice(1), { out() {}, error() {} });
    process.stdout.write(String(process.resourceUsage().maxRSS / 1024));`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', script, '--', ...args], {
      encoding: 'utf8',
    }),
  );
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

rmSync(root, { recursive: true, force: true });
mkdirSync(join(root, 'node_modules'), { recursive: true });
writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
cpSync(existsSync(corpus) ? corpus : own, source, { recursive: true });
const hasManifests = existsSync(join(source, 'manifests'));
const manifests = hasManifests ? ['--manifests', join(source, 'manifests/*.yaml')] : [];
const args = ['--specs', source, ...manifests, '--out', out];

try {
  const runs = [1, 2, 3].map(() => {
    rmSync(out, { recursive: true, force: true });
    return cold(args).ms;
  });
  report(`codegen cold start, ${what}`, median(runs), 'ms');
  report('codegen unchanged', median([1, 2, 3].map(() => cold(args).ms)), 'ms');
  rmSync(out, { recursive: true, force: true });
  report('codegen peak memory', peakMemory(args), 'MB');
  const files = filesBelow(out);
  report('codegen output', files.length, 'files');
  report(
    'codegen output',
    files.reduce((sum, path) => sum + readFileSync(path, 'utf8').split('\n').length - 1, 0),
    'lines',
  );
  const generator = new Generator({
    specs: [source],
    manifests: hasManifests ? [join(source, 'manifests/*.yaml')] : [],
    out,
  });
  await generator.generate();
  const changed = join(source, 'types/powermeter.yaml');
  const text = readFileSync(changed, 'utf8');
  const steps = [];
  for (let count = 0; count < 7; count++) {
    writeFileSync(
      changed,
      `${text.trimEnd()}\n  Bench${count}: { description: Added, type: string, enum: [a] }\n`,
    );
    const start = performance.now();
    const { files: again } = await generator.generate();
    writeOutput(
      { directory: out, files: again },
      { added: [], changed: ['types/powermeter.ts'], removed: [] },
    );
    steps.push(performance.now() - start);
  }
  report('codegen watch, one type file changed', median(steps), 'ms');
  writeFileSync(changed, text);

  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript7/package.json')), 'bin/tsc');
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
  };
  const options = {
    ...strict,
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    noEmit: true,
  };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['out'] }));
  const start = performance.now();
  execFileSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
  report('tsc over the output', performance.now() - start, 'ms');
} finally {
  rmSync(source, { recursive: true, force: true });
}
