// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasErrors, readManifest, type Finding, type FindingText } from '@carabiner/dialect';
import { expect } from 'chai';
import {
  CompositionSource,
  checkComposition,
  readComposition,
  type ModuleCatalogue,
  type ModuleEntry,
  type ModuleShape,
} from '@carabiner/core/composition';

const corpus = fileURLToPath(new URL('../../../../../shared/everest-corpus', import.meta.url));

class ManifestFolder implements ModuleCatalogue {
  readonly #known = new Map<string, ModuleShape>();

  find({ module }: ModuleEntry): ModuleShape | FindingText {
    const path = join(corpus, 'manifests', `${module}.yaml`);
    if (!existsSync(path)) return { code: 'unknown-module', message: `no manifest of ${module}` };
    let manifest = this.#known.get(module);
    if (manifest === undefined) {
      const read = readManifest(path);
      expect(hasErrors(read.findings)).to.equal(false);
      manifest = read.manifest;
      this.#known.set(module, manifest);
    }
    return manifest;
  }
}

function configurations(): readonly string[] {
  const folders = ['config', join('config', 'bringup')];
  return folders.flatMap((folder) =>
    readdirSync(join(corpus, folder))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(folder, name)),
  );
}

describe("EVerest's own run configurations", () => {
  const verdicts = new Map<string, readonly Finding[]>();

  before(function () {
    if (!existsSync(corpus)) {
      console.log('      skipped: the corpus is not beside the checkout');
      this.skip();
    }
    const catalogue = new ManifestFolder();
    for (const name of configurations()) {
      const source = CompositionSource.read(join(corpus, name), name);
      const { configuration, findings } = readComposition(source);
      verdicts.set(name, [...findings, ...checkComposition(configuration, catalogue, source).findings]);
    }
  });

  it('are all there', () => {
    expect(verdicts.size).to.equal(67);
  });

  it('are accepted but for the one with an unknown module id', () => {
    const refused = [...verdicts].filter(([, findings]) => hasErrors(findings));
    expect(refused.map(([name]) => name)).to.deep.equal([
      join('config', 'bringup', 'config-bringup-ovm-sil.yaml'),
    ]);
    const errors = refused[0]![1].filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code }) => code)).to.deep.equal(['unknown-module-id']);
    expect(errors[0]!.line).to.be.greaterThan(1);
  });

  it('give a warning for each key that no manifest has', () => {
    const unknown = [...verdicts].flatMap(([name, findings]) =>
      findings.filter(({ code }) => code === 'unknown-parameter').map(() => name),
    );
    expect(unknown).to.deep.equal([
      join('config', 'bringup', 'config-bringup-nxpnfcfrontend-token-provider.yaml'),
      join('config', 'bringup', 'config-bringup-nxpnfcfrontend-token-provider.yaml'),
    ]);
  });

  it('may be empty', () => {
    for (const name of ['config-empty.yaml', 'config-no-active_modules.yaml'])
      expect(verdicts.get(join('config', name))?.map(({ code }) => code)).to.deep.equal(['no-modules']);
  });
});
