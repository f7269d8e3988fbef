// SPDX-License-Identifier: Apache-2.0
// Compositions of 5, 50 and 500 modules: check and load, start, memory of each idle module.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, formatBootTree } from '@carabiner/core';
import { Link, Source, report } from './support/bench-modules.mjs';

/** A charger of many parts: chains of ten, each module connected to the one before and to a common source. */
function text(modules) {
  const lines = ['active_modules:', '  source:', '    module: Source'];
  for (let index = 1; index < modules; index += 1) {
    const targets = ['source', ...(index % 10 === 1 ? [] : [`link${index - 1}`])];
    lines.push(`  link${index}:`, '    module: Link', '    connections:', '      sources:');
    for (const target of targets)
      lines.push(`        - module_id: ${target}`, '          implementation_id: main');
  }
  return `${lines.join('\n')}\n`;
}

const settled = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const folder = mkdtempSync(join(tmpdir(), 'carabiner-bench-'));
/** The first run pays for code that is loaded once; it is not reported. */
const sizes = [2, 5, 50, 500];
try {
  for (const modules of sizes) {
    Link.made.length = 0;
    const file = join(folder, `charger-${modules}.yaml`);
    writeFileSync(file, text(modules));
    const before = settled();
    const start = performance.now();
    const runtime = await createRuntime({ file, modules: { Source, Link }, log: { level: 'silent' } });
    const loaded = performance.now();
    await runtime.start();
    const ready = performance.now();
    const bytes = settled() - before;
    if (modules === sizes[0]) {
      await runtime.stop();
      continue;
    }
    const aim = modules === 500 ? { aim: '< 2000' } : {};
    report(`${modules} modules: check and load`, loaded - start, 'ms');
    report(`${modules} modules: from file to ready`, ready - start, 'ms', aim);
    if (globalThis.gc !== undefined)
      report(`${modules} modules: memory of each`, bytes / modules / 1_000, 'kB', { aim: '< 100' });
    if (process.argv.includes('--tree'))
      console.error(formatBootTree(runtime.bootTree).split('\n').slice(0, 12).join('\n'));
    await runtime.stop();
  }
} finally {
  rmSync(folder, { recursive: true });
}
