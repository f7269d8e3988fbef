// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Entry {
  readonly development?: string;
  readonly default: string;
}

interface PackageJson {
  readonly exports?: Readonly<Record<string, Entry | string>>;
  readonly imports?: Readonly<Record<string, Entry>>;
}

const folders = ['packages', 'examples'].flatMap((kind) =>
  readdirSync(join(ROOT, kind)).map((name) => join(ROOT, kind, name)),
);

const bundled = folders.flatMap((folder) => {
  const { exports = {}, imports = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as PackageJson;
  return Object.entries({ ...exports, ...imports }).flatMap(([name, entry]) =>
    typeof entry === 'string' || entry.development === undefined
      ? []
      : [{ folder, name, source: join(folder, entry.development), bundle: join(folder, entry.default) }],
  );
});

const load = async (path: string): Promise<object> => (await import(pathToFileURL(path).href)) as object;

function isClass(value: unknown): value is { readonly name: string } {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

describe('the bundle of', () => {
  for (const { folder, name, source, bundle } of bundled)
    it(`${name} of ${folder.slice(ROOT.length)} exports what the compiled files export, under the same names`, async () => {
      const [compiled, single] = [await load(source), await load(bundle)];
      // Those of a library that is handed on may be called otherwise.
      const ownNames = name !== './yaml';
      const kinds = (module: object): readonly string[] =>
        Object.entries(module).map(([key, value]: [string, unknown]) =>
          ownNames && isClass(value) ? `${key}: class ${value.name}` : `${key}: ${typeof value}`,
        );
      expect(kinds(single)).to.deep.equal(kinds(compiled));
    });

  it('each package takes nothing out of a part that it loads later but what that part exports', async () => {
    const taken = /(?:const|let|var)\s*\{([^{}]*)\}\s*=\s*await import\("(\.[^"]+)"\)/g;
    const missing: string[] = [];
    for (const place of new Set(bundled.map(({ folder }) => join(folder, 'dist', 'bundle'))))
      for (const file of readdirSync(place).filter((name) => name.endsWith('.js')))
        for (const [, names = '', part = ''] of readFileSync(join(place, file), 'utf8').matchAll(taken)) {
          const exported = await load(join(place, part));
          const wanted = names.split(',').map((name) => name.split(':')[0]?.trim() ?? '');
          missing.push(
            ...wanted.filter((name) => name !== '' && !(name in exported)).map((name) => `${file}: ${name}`),
          );
        }
    expect(missing).to.deep.equal([]);
  });

  it('each package tells the licences of the libraries inside', () => {
    for (const folder of new Set(bundled.map((entry) => entry.folder))) {
      const place = join(folder, 'dist', 'bundle');
      const inside = new Set(
        readdirSync(place)
          .filter((file) => file.endsWith('.js'))
          .flatMap((file) => [
            ...readFileSync(join(place, file), 'utf8').matchAll(
              /^ *(?:\/\/ |")(?:\.\.\/)*node_modules\/(?:.*node_modules\/)?((?:@[^/\n]+\/)?[^/\n]+)\//gm,
            ),
          ])
          .map(([, library]) => library),
      );
      const file = join(place, 'LICENSES.txt');
      const told = existsSync(file) ? readFileSync(file, 'utf8') : '';
      for (const library of inside) expect(told, folder).to.contain(`${library} `);
    }
  });
});
