// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { FAULTS } from '@carabiner/plugin-mock-psu';
import { MockPsuDescriptor } from '../dist/generated/MockPsu.js';
import { ENVIRONMENT } from '../dist/command/settings.js';

describe('the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

  it('has a row for each fault, with its value, target and connector', () => {
    const rows = readme.split('\n').filter((line) => /^\| `[a-z_]+` +\|/.test(line));
    const cells = new Map(rows.map((row) => [row.split('`')[1]!, row.split('|').map((cell) => cell.trim())]));
    for (const [name, kind] of Object.entries(FAULTS)) {
      const [, , value, target, connector] = cells.get(name) ?? [];
      expect(value !== '', `${name} value`).to.equal('value' in kind);
      if ('value' in kind) expect(value).to.equal(`${kind.value.meaning}, ${kind.value.default}`);
      expect(target !== '', `${name} target`).to.equal('target' in kind);
      expect(connector === 'yes', `${name} connector`).to.equal('perConnector' in kind);
    }
  });

  it('names each parameter of the module and each environment variable', () => {
    for (const name of [...Object.keys(MockPsuDescriptor.config), ...Object.keys(ENVIRONMENT)])
      expect(readme).to.contain(`\`${name}\``);
  });
});
