// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { OverlayError, loadComposition } from '@carabiner/core';
import { OverlayFile } from '../../dist/config/overlay-file.js';
import { CounterModule, UserModule } from '../support/modules.js';

describe('the overlay of a composition', () => {
  let folder: string;
  let file: string;
  let overlay: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'carabiner-overlay-'));
    file = join(folder, 'charger.yaml');
    overlay = join(folder, 'user-config', 'charger.yaml');
    writeFileSync(
      file,
      `active_modules:
  counter: { module: CounterModule, config_module: { step: 1 }, telemetry: { id: 3 } }
  user:
    module: UserModule
    connections: { counter: [{ module_id: counter, implementation_id: main }] }
`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(text: string): void {
    mkdirSync(join(folder, 'user-config'));
    writeFileSync(overlay, text);
  }

  it('is merged in: maps merge, values replace, null deletes', () => {
    write('active_modules:\n  counter:\n    config_module:\n      step: 7\n    telemetry: null\n');
    const { configuration, valid } = loadComposition({ file, modules: { CounterModule, UserModule } });
    expect(valid).to.equal(true);
    expect(configuration.modules[0]).to.deep.include({ configModule: { step: 7 }, telemetryId: undefined });
  });

  it('is named in findings of its own values', () => {
    write('active_modules:\n  counter:\n    config_module:\n      step: 70\n');
    const { findings } = loadComposition({ file, modules: { CounterModule, UserModule } });
    expect(findings.map(({ file: from, line, column }) => [from, line, column])).to.deep.equal([
      [overlay, 4, 13],
    ]);
  });

  it('is named when it is no map', () => {
    for (const text of ['- a\n', 'hello\n']) {
      rmSync(join(folder, 'user-config'), { recursive: true, force: true });
      write(text);
      const { findings } = loadComposition({ file, modules: { CounterModule, UserModule } });
      expect(findings.map((found) => [found.file, found.code])).to.deep.equal([[overlay, 'wrong-type']]);
    }
  });

  it('is looked at for how its integers are written', () => {
    write('active_modules:\n  counter:\n    config_module:\n      step: 1.0\n');
    const { findings } = loadComposition({ file, modules: { CounterModule, UserModule } });
    expect(findings.map((found) => [found.file, found.line, found.code])).to.deep.equal([
      [overlay, 4, 'wrong-type'],
    ]);
  });

  it('that is empty changes nothing', () => {
    write('# nothing yet\n');
    expect(loadComposition({ file, modules: { CounterModule, UserModule } }).valid).to.equal(true);
  });

  it('is written as a whole, with what else is in it kept', async () => {
    write('# mine\nactive_modules:\n  other:\n    config_module: { a: 1 } # keep\n');
    const target = new OverlayFile(overlay);
    await Promise.all([
      target.set([{ path: ['active_modules', 'counter', 'config_module', 'step'], value: 4 }]),
      target.set([{ path: ['active_modules', 'counter', 'config_module', 'name'], value: 'true' }]),
    ]);
    const text = readFileSync(overlay, 'utf8');
    expect(text).to.contain('# mine').and.to.contain('# keep');
    expect(text).to.contain('step: 4').and.to.contain('name: "true"');
    expect(readdirSync(join(folder, 'user-config'))).to.deep.equal(['charger.yaml']);
  });

  it('keeps what is not set as it was written', async () => {
    const kept = '  a: 007\n  b: 1e400\n  c: ~\n  d: 5.0\n  e: 0bcafe\n  f:\n';
    write(`other:\n${kept}active_modules:\n  counter:\n    step: "1" # first\n`);
    await new OverlayFile(overlay).set([{ path: ['active_modules', 'counter', 'step'], value: 2 }]);
    expect(readFileSync(overlay, 'utf8')).to.equal(
      `other:\n${kept}active_modules:\n  counter:\n    step: 2 # first\n`,
    );
  });

  it('that cannot be written says so and leaves nothing half done', async () => {
    writeFileSync(join(folder, 'user-config'), 'a file where the folder should be');
    const error = await new OverlayFile(overlay)
      .set([{ path: ['active_modules'], value: 1 }])
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(OverlayError);
    expect(readdirSync(folder).sort()).to.deep.equal(['charger.yaml', 'user-config']);
  });

  it('is not overwritten when it does not parse', async () => {
    write('active_modules: [unclosed\n');
    const error = await new OverlayFile(overlay)
      .set([{ path: ['active_modules', 'a'], value: 1 }])
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(OverlayError);
    expect(readFileSync(overlay, 'utf8')).to.equal('active_modules: [unclosed\n');
  });
});
