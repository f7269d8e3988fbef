// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const SPECS = fileURLToPath(new URL('../specs/', import.meta.url));
const CORPUS = fileURLToPath(new URL('../../../../shared/everest-corpus/', import.meta.url));
const KINDS = ['interfaces', 'types', 'errors'] as const;

/** What a charger needs; leaving one out would break drivers. */
const REQUIRED = [
  'ISO15118_charger',
  'ac_rcd',
  'auth',
  'auth_token_provider',
  'auth_token_validator',
  'car_simulator',
  'connector_lock',
  'dc_external_derate',
  'empty',
  'energy',
  'ev_board_support',
  'evse_board_support',
  'evse_manager',
  'external_energy_limits',
  'generic_error',
  'iso15118_extensions',
  'isolation_monitor',
  'kvs',
  'over_voltage_monitor',
  'power_supply_DC',
  'powermeter',
  'reservation',
  'slac',
  'system',
  'uk_random_delay',
];

function names(root: string, kind: string): string[] {
  return readdirSync(join(root, kind))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${kind}/${name.slice(0, -'.yaml'.length)}`)
    .sort();
}

function text(root: string, name: string): string {
  return readFileSync(join(root, `${name}.yaml`), 'utf8');
}

function read(root: string, name: string): Json {
  return parse(text(root, name)) as Json;
}

/** Calls `visit` with each description and its path. A property may be named `description`: that one is no string. */
function descriptions(value: Json, visit: (text: string, path: string) => void, path = ''): void {
  if (value === null || typeof value !== 'object') return;
  for (const [key, child] of Object.entries(value)) {
    if (key === 'description' && typeof child === 'string') visit(child, path);
    else descriptions(child, visit, `${path}/${key}`);
  }
}

/**
 * The document without its descriptions. Maps of declarations become lists of pairs, so that their order counts: it is
 * the order of generated arguments and members.
 */
function structure(value: Json): Json {
  if (Array.isArray(value)) return value.map(structure);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .filter(([key, child]) => !(key === 'description' && typeof child === 'string'))
    .map(([key, child]) => [key, structure(child)]);
}

function normalised(description: string): string {
  return description
    .toLowerCase()
    .replace(/[.\s]+/g, ' ')
    .trim();
}

describe('interface specifications', () => {
  const specs = KINDS.flatMap((kind) => names(SPECS, kind));

  it('contain every interface of the charger', () => {
    expect(specs).to.include.members(REQUIRED.map((name) => `interfaces/${name}`));
  });

  it('refer only to types and errors that exist', function () {
    // The first to read them all.
    this.timeout(60_000);
    const missing: string[] = [];
    for (const name of specs) {
      for (const [, file, type] of text(SPECS, name).matchAll(/\$ref: \/(\w+)#\/(\w+)/g)) {
        const path = `types/${file!}`;
        const document = specs.includes(path) ? read(SPECS, path) : {};
        if (!(type! in (document as { types?: object }).types!)) missing.push(`${name}: ${file!}#/${type!}`);
      }
      for (const [, file] of text(SPECS, name).matchAll(/reference: \/errors\/(\w+)/g)) {
        if (!specs.includes(`errors/${file!}`)) missing.push(`${name}: /errors/${file!}`);
      }
    }
    expect(missing).to.deep.equal([]);
  });

  it('have no description without content', () => {
    const empty: string[] = [];
    for (const name of specs) {
      descriptions(read(SPECS, name), (description, path) => {
        if (description.trim().length < 2) empty.push(`${name}${path}`);
      });
    }
    expect(empty).to.deep.equal([]);
  });

  it('begin with the licence', () => {
    const without = specs.filter(
      (name) => !text(SPECS, name).startsWith('# SPDX-License-Identifier: Apache-2.0\n'),
    );
    expect(without).to.deep.equal([]);
  });

  it('are all listed in the README', () => {
    const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');
    const listed = [...readme.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => `interfaces/${name!}`);
    expect(listed.sort()).to.deep.equal(names(SPECS, 'interfaces'));
  });

  describe("compared with EVerest's", () => {
    before(function () {
      if (existsSync(CORPUS)) return;
      console.log('      skipped: the reference corpus is not beside this repository');
      this.skip();
    });

    // the others are interfaces of this project alone
    const shared = specs.filter((name) => existsSync(join(CORPUS, `${name}.yaml`)));
    for (const name of shared) {
      it(`${name}: the same structure`, () => {
        expect(structure(read(SPECS, name))).to.deep.equal(structure(read(CORPUS, name)));
      });
    }

    it('say it in other words', () => {
      const copied: string[] = [];
      for (const name of shared) {
        const theirs = new Set<string>();
        descriptions(read(CORPUS, name), (description) => theirs.add(normalised(description)));
        descriptions(read(SPECS, name), (description, path) => {
          const ours = normalised(description);
          if (ours.split(' ').length >= 5 && theirs.has(ours)) copied.push(`${name}${path}: ${description}`);
        });
      }
      expect(copied).to.deep.equal([]);
    });

    it('share no sentence of eight words or more', () => {
      const copied: string[] = [];
      const sentences = (description: string): string[] =>
        description
          .split(/[.:;]\s|\n/)
          .map(normalised)
          .filter((sentence) => sentence.split(' ').length >= 8);
      for (const name of shared) {
        const theirs = new Set<string>();
        descriptions(read(CORPUS, name), (description) => {
          for (const sentence of sentences(description)) theirs.add(sentence);
        });
        descriptions(read(SPECS, name), (description, path) => {
          for (const sentence of sentences(description)) {
            if (theirs.has(sentence)) copied.push(`${name}${path}: ${sentence}`);
          }
        });
      }
      expect(copied).to.deep.equal([]);
    });
  });
});
