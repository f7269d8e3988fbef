// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import * as toolbox from '@carabiner/core/toolbox';
import { EXIT_CODES, Runtime, type CallErrorCode } from '@carabiner/core';
import { readComposition, CompositionSource } from '@carabiner/core/composition';
import { expect } from 'chai';
import { withSystem } from './support/system.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('has every setting with its default', () => {
    const { findings, configuration } = readComposition(
      CompositionSource.parse('settings: { carabiner: { x: 1 } }', 'c'),
    );
    const keys = findings[0]!.expected!.replace('one of ', '').split(', ');
    expect(keys.length).to.be.greaterThan(10);
    const { carabiner } = configuration.settings;
    for (const key of keys) {
      const row = README.split('\n').find((line) => line.startsWith(`| \`${key}\` |`));
      expect(row, key).to.not.equal(undefined);
      const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const value: unknown = Reflect.get(carabiner, name);
      if (typeof value === 'number') expect(row).to.contain(`| ${value} |`);
      if (typeof value === 'string') expect(row).to.contain(`| \`${value}\` |`);
    }
  });

  it('has every metric, tool, exit code, call error and member of the runtime', async () => {
    await withSystem({}, async ({ runtime }) => {
      const names = [...(await runtime.metrics.text()).matchAll(/# TYPE (\w+)/g)].map(([, name]) => name!);
      expect(names).to.have.lengthOf(10);
      for (const name of names) expect(README).to.contain(`\`${name}\``);
    });
    for (const name of Object.keys(toolbox)) expect(README).to.contain(name);
    for (const code of Object.values(EXIT_CODES))
      expect(README).to.match(new RegExp(`^\\| .*\\b${code}\\b`, 'm'));
    const codes: CallErrorCode[] = [
      'HandlerException',
      'SchemaValidationError',
      'CmdTimeout',
      'NotReady',
      'Shutdown',
    ];
    for (const code of codes) expect(README).to.contain(`\`${code}\``);
    const internal = [
      'constructor',
      ...['logOf', 'peerMade', 'onlookerOf', 'providerReplaced', 'stateChanged'],
      ...['published', 'raised', 'handlerFailed', 'crashed'],
    ];
    for (const member of Object.getOwnPropertyNames(Runtime.prototype))
      if (!internal.includes(member)) expect(README, member).to.match(new RegExp(`\\b${member}\\b`));
  });
});
