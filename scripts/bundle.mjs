// SPDX-License-Identifier: Apache-2.0
// Makes single files of the compiled packages, with the libraries inside that nobody else shares: Node takes about a
// millisecond of processor time for each file it loads, and a module's process would load some 400. Each entry of a
// package.json's `exports` and `imports` that names a file for the condition `development` gets one at its `default`.
import { build } from 'esbuild';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

const folders = ['packages', 'examples'].flatMap((kind) => readdirSync(kind).map((name) => join(kind, name)));

/** What is loaded from where it is installed: other packages of this project, but for what is generated, and native code. */
const SHARED = [
  ...['codegen', ...folders]
    .map((folder) => packageJsonOf(folder).name)
    .filter((name) => name !== '@carabiner/interfaces'),
  'lmdb',
];

/**
 * The same for CommonJS: a second container would be a stranger to that of the plugins, and native code cannot be
 * inlined. Before the first `import` of such a file Node makes its parser of them, which takes 40 ms; `require` does
 * without. An `import` of a module of Node loads all that it has a lazy property for.
 */
const REQUIRED = /^(node:.*|tsyringe|reflect-metadata|koffi)$/;

/** Parts of libraries that nobody uses here and that take long to load; Node has the streams itself. */
const LEFT_OUT = {
  'readable-stream': 'node:stream',
  'http2-wrapper': resolve('scripts/left-out/http2-wrapper.mjs'),
  serialport: resolve('scripts/left-out/serialport.mjs'),
};

const requireShared = {
  name: 'require-shared',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: REQUIRED }, ({ path, namespace }) =>
      namespace === 'required' ? { path, external: true } : { path, namespace: 'required' },
    );
    onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

function packageJsonOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function entriesOf(folder) {
  const { exports = {}, imports = {} } = packageJsonOf(folder);
  return Object.values({ ...exports, ...imports }).flatMap(({ development, default: bundle }) =>
    development === undefined ? [] : [{ in: join(folder, development), out: basename(bundle, '.js') }],
  );
}

/** What a file of the package itself has to keep where it becomes a part of another. */
const ownFiles = (folder, outdir) => ({
  name: 'own-files',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(resolve(folder, 'dist'))) return undefined;
      const text = readFileSync(path, 'utf8');
      // A file that looks for others beside itself goes on looking there.
      const place = JSON.stringify(relative(outdir, path));
      const placed = text
        .replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`)
        // As plain constants; what stands in for an import is looked up with each use.
        .replaceAll(
          /^import \{([^}]*)\} from '(node:[^']*)';$/gm,
          (_, names, module) =>
            `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule('${module}');`,
        );
      // Errors and modules go by the names of their classes, which are others where two files have the same.
      const classes = [...text.matchAll(/^(?:export )?class (\w+)|^let (\w+) = .*\bclass\b/gm)];
      const named = classes.map(([, declared, decorated]) => declared ?? decorated);
      const names = named.map(
        // A text of a program may look like one.
        (name) =>
          `typeof ${name} === 'function' && Object.defineProperty(${name}, 'name', { value: '${name}', configurable: true });`,
      );
      return { contents: [placed, ...names].join('\n') };
    });
  },
});

/** The licences of the libraries inside. */
function licences(inputs) {
  const packages = new Map();
  for (const input of inputs) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
    if (folder === undefined) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    packages.set(
      `${name} ${version} (${typeof license === 'string' ? license : (license?.type ?? 'see below')})`,
      file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim(),
    );
  }
  return [...packages].sort(([one], [other]) => (one < other ? -1 : 1));
}

for (const folder of folders) {
  const entryPoints = entriesOf(folder);
  if (entryPoints.length === 0) continue;
  const outdir = resolve(folder, 'dist', 'bundle');
  rmSync(outdir, { recursive: true, force: true });
  if (process.argv.includes('--clean')) continue;
  const { metafile, outputFiles } = await build({
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    chunkNames: 'chunk-[hash]',
    external: SHARED,
    plugins: [ownFiles(folder, outdir), requireShared],
    banner: {
      js: "// SPDX-License-Identifier: Apache-2.0\nconst require = process.getBuiltinModule('module').createRequire(import.meta.url);",
    },
    alias: LEFT_OUT,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  mkdirSync(outdir, { recursive: true });
  // Node reads ASCII several times as fast; only comments are not.
  for (const { path, text } of outputFiles) writeFileSync(path, text.replaceAll(/[^\0-\x7f]/g, '?'));
  const inside = licences(Object.keys(metafile.inputs));
  if (inside.length > 0)
    writeFileSync(
      join(outdir, 'LICENSES.txt'),
      `${inside.map(([title, text]) => `${title}\n\n${text}`).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
    );
}
