// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import {
  CHANGE_RULES,
  compareInterfaces,
  compareSpecs,
  verdictsOf,
  type Change,
  type ChangeKind,
  type InterfaceVersion,
  type Json,
} from '@carabiner/dialect';
import { expect } from 'chai';
import { specsOf, type SpecFiles } from './spec-directory.js';

type Verdict = 'nobody' | 'providers' | 'consumers' | 'both';

/** Compares two versions of a set of specifications. */
function changes(before: SpecFiles, after: SpecFiles): Change[] {
  const [old, now] = [specsOf(before), specsOf(after)];
  expect([...old.findings, ...now.findings].filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return compareSpecs(old, now);
}

function verdict({ providers, consumers }: Change): Verdict {
  if (providers === 'breaking') return consumers === 'breaking' ? 'both' : 'providers';
  return consumers === 'breaking' ? 'consumers' : 'nobody';
}

/** An interface with one command, one variable and the errors given. */
function api(parts: { cmds?: string; vars?: string; errors?: string }): SpecFiles {
  const text = [
    'description: It is',
    `cmds: ${parts.cmds ?? '{}'}`,
    `vars: ${parts.vars ?? '{}'}`,
    `errors: ${parts.errors ?? '[]'}`,
  ];
  return {
    'interfaces/api.yaml': `${text.join('\n')}\n`,
    'errors/faults.yaml':
      'description: It is\nerrors: [{ name: First, description: One }, { name: Second, description: Two }]\n',
  };
}

const GO = 'description: Go';
const NUMBER = '{ description: It, type: number }';

/** What happens at interface level: kind, before, after, who breaks. */
const INTERFACE_CASES: [ChangeKind, SpecFiles, SpecFiles, Verdict][] = [
  ['command-added', api({}), api({ cmds: `{ go: { ${GO} } }` }), 'providers'],
  ['command-removed', api({ cmds: `{ go: { ${GO} } }` }), api({}), 'consumers'],
  [
    'argument-added',
    api({ cmds: `{ go: { ${GO} } }` }),
    api({ cmds: `{ go: { ${GO}, arguments: { a: ${NUMBER} } } }` }),
    'both',
  ],
  [
    'argument-removed',
    api({ cmds: `{ go: { ${GO}, arguments: { a: ${NUMBER} } } }` }),
    api({ cmds: `{ go: { ${GO} } }` }),
    'both',
  ],
  [
    'result-added',
    api({ cmds: `{ go: { ${GO} } }` }),
    api({ cmds: `{ go: { ${GO}, result: ${NUMBER} } }` }),
    'both',
  ],
  [
    'result-removed',
    api({ cmds: `{ go: { ${GO}, result: ${NUMBER} } }` }),
    api({ cmds: `{ go: { ${GO} } }` }),
    'both',
  ],
  ['variable-added', api({}), api({ vars: `{ v: ${NUMBER} }` }), 'nobody'],
  ['variable-removed', api({ vars: `{ v: ${NUMBER} }` }), api({}), 'both'],
  [
    'error-added',
    api({ errors: '[{ reference: /errors/faults#/First }]' }),
    api({ errors: '[{ reference: /errors/faults }]' }),
    'nobody',
  ],
  [
    'error-removed',
    api({ errors: '[{ reference: /errors/faults }]' }),
    api({ errors: '[{ reference: /errors/faults#/First }]' }),
    'providers',
  ],
  [
    'interface-added',
    { 'types/t.yaml': 'description: It is\n' },
    { 'types/t.yaml': 'description: It is\n', 'interfaces/api.yaml': 'description: It is\n' },
    'nobody',
  ],
  [
    'interface-removed',
    { 'types/t.yaml': 'description: It is\n', 'interfaces/api.yaml': 'description: It is\n' },
    { 'types/t.yaml': 'description: It is\n' },
    'both',
  ],
  [
    'type-added',
    { 'types/t.yaml': 'description: It is\n' },
    { 'types/t.yaml': `description: It is\ntypes: { T: ${NUMBER} }\n` },
    'nobody',
  ],
  [
    'type-removed',
    { 'types/t.yaml': `description: It is\ntypes: { T: ${NUMBER} }\n` },
    { 'types/t.yaml': 'description: It is\n' },
    'both',
  ],
];

type Effect = 'narrows' | 'widens' | 'both' | 'neither';

/** What happens to a schema: kind, before, after, effect. */
const SCHEMA_CASES: [ChangeKind, string, string, Effect][] = [
  ['type-changed', 'type: number', 'type: integer', 'narrows'],
  ['type-changed', 'type: integer', 'type: number', 'widens'],
  ['type-changed', 'type: string', 'type: [string, boolean]', 'widens'],
  ['type-changed', 'type: [string, boolean]', 'type: string', 'narrows'],
  ['type-changed', 'type: string', 'type: boolean', 'both'],
  ['enum-value-added', 'type: string, enum: [a]', 'type: string, enum: [a, b]', 'widens'],
  ['enum-value-removed', 'type: string, enum: [a, b]', 'type: string, enum: [b]', 'narrows'],
  ['enum-value-added', 'type: string, enum: [a]', 'type: string', 'widens'],
  ['enum-value-removed', 'type: string', 'type: string, enum: [a]', 'narrows'],
  ['constant-changed', 'type: string', 'type: string, const: a', 'narrows'],
  ['constant-changed', 'type: string, const: a', 'type: string', 'widens'],
  ['constant-changed', 'type: string, const: a', 'type: string, const: b', 'both'],
  ['constant-changed', 'type: [string, "null"]', 'type: [string, "null"], const: null', 'narrows'],
  ['constant-changed', 'type: [string, "null"], const: null', 'type: [string, "null"]', 'widens'],
  ['constant-changed', 'type: [string, "null"], const: null', 'type: [string, "null"], const: a', 'both'],
  ['property-now-required', 'type: object', 'type: object, required: [a]', 'narrows'],
  ['property-now-optional', 'type: object, required: [a]', 'type: object', 'widens'],
  ['property-added', 'type: object', 'type: object, properties: { a: { type: number } }', 'neither'],
  [
    'property-added',
    'type: object, additionalProperties: false',
    'type: object, additionalProperties: false, properties: { a: { type: number } }',
    'widens',
  ],
  [
    'required-property-added',
    'type: object',
    'type: object, required: [a], properties: { a: { type: number } }',
    'narrows',
  ],
  [
    'required-property-added',
    'type: object, additionalProperties: false',
    'type: object, additionalProperties: false, required: [a], properties: { a: { type: number } }',
    'both',
  ],
  ['property-removed', 'type: object, properties: { a: { type: number } }', 'type: object', 'neither'],
  [
    'property-removed',
    'type: object, additionalProperties: false, properties: { a: { type: number } }',
    'type: object, additionalProperties: false',
    'narrows',
  ],
  [
    'required-property-removed',
    'type: object, required: [a], properties: { a: { type: number } }',
    'type: object',
    'widens',
  ],
  [
    'required-property-removed',
    'type: object, additionalProperties: false, required: [a], properties: { a: { type: number } }',
    'type: object, additionalProperties: false',
    'both',
  ],
  [
    'property-now-required',
    'type: object, properties: { a: { type: number } }',
    'type: object, required: [a], properties: { a: { type: number } }',
    'narrows',
  ],
  [
    'property-now-optional',
    'type: object, required: [a], properties: { a: { type: number } }',
    'type: object, properties: { a: { type: number } }',
    'widens',
  ],
  ['other-properties-forbidden', 'type: object', 'type: object, additionalProperties: false', 'narrows'],
  ['other-properties-allowed', 'type: object, additionalProperties: false', 'type: object', 'widens'],
  [
    'other-properties-allowed',
    'type: object, additionalProperties: { type: number }',
    'type: object',
    'widens',
  ],
  ['range-narrowed', 'type: number', 'type: number, minimum: 0', 'narrows'],
  ['range-narrowed', 'type: number, maximum: 10', 'type: number, maximum: 9', 'narrows'],
  ['range-narrowed', 'type: string, maxLength: 10', 'type: string, maxLength: 9', 'narrows'],
  ['range-narrowed', 'type: array', 'type: array, minItems: 1', 'narrows'],
  ['range-widened', 'type: number, minimum: 0', 'type: number, minimum: -1', 'widens'],
  ['range-widened', 'type: number, exclusiveMaximum: 3', 'type: number', 'widens'],
  ['range-widened', 'type: array, maxItems: 3', 'type: array, maxItems: 4', 'widens'],
  ['format-changed', 'type: string', 'type: string, format: date-time', 'narrows'],
  ['format-changed', 'type: string, pattern: a', 'type: string', 'widens'],
  ['format-changed', 'type: string, pattern: a', 'type: string, pattern: b', 'both'],
  ['format-changed', 'type: array, uniqueItems: true', 'type: array', 'widens'],
  ['rule-changed', 'type: number', 'type: number, anyOf: [{ minimum: 3 }]', 'both'],
  [
    'rule-changed',
    'type: array, items: [{ type: number }]',
    'type: array, items: [{ type: string }]',
    'both',
  ],
];

describe('compareSpecs', () => {
  describe('of interfaces', () => {
    for (const [kind, before, after, who] of INTERFACE_CASES) {
      it(`${kind} breaks ${who}`, () => {
        const found = changes(before, after);
        expect(found.map((change) => [change.kind, verdict(change)])).to.deep.equal([[kind, who]]);
      });
    }
  });

  describe('of schemas', () => {
    for (const [kind, before, after, effect] of SCHEMA_CASES) {
      it(`${before} → ${after}: ${kind}, ${effect}`, () => {
        const { narrows, widens } = {
          narrows: effect === 'narrows' || effect === 'both',
          widens: effect === 'widens' || effect === 'both',
        };
        const argument = (schema: string): SpecFiles =>
          api({ cmds: `{ go: { ${GO}, arguments: { a: { description: It, ${schema} } } } }` });
        const result = (schema: string): SpecFiles =>
          api({ cmds: `{ go: { ${GO}, result: { description: It, ${schema} } } }` });
        const variable = (schema: string): SpecFiles =>
          api({ vars: `{ v: { description: It, ${schema} } }` });
        for (const [place, direction] of [
          [argument, 'input'],
          [result, 'output'],
          [variable, 'output'],
        ] as const) {
          const found = changes(place(before), place(after));
          expect(found.map((change) => change.kind)).to.deep.equal([kind]);
          const expected = verdictsOf({ narrows, widens }, new Set([direction]));
          expect(found[0]).to.include(expected);
          if (effect === 'narrows') {
            expect(verdict(found[0]!)).to.equal(direction === 'input' ? 'consumers' : 'providers');
          } else if (effect === 'widens') {
            expect(verdict(found[0]!)).to.equal(direction === 'input' ? 'providers' : 'consumers');
          } else expect(verdict(found[0]!)).to.equal(effect === 'both' ? 'both' : 'nobody');
        }
      });
    }

    it('finds changes inside items and properties, and says where', () => {
      const type = (maximum: number): string =>
        `{ v: { description: It, type: object, properties: { list: { type: array, items: { type: number, maximum: ${maximum} } } } } }`;
      const [change] = changes(api({ vars: type(3) }), api({ vars: type(4) }));
      expect(change).to.include({
        file: 'interfaces/api',
        path: 'vars.v.properties.list.items.maximum',
        message: 'maximum 3 → 4',
        consumers: 'breaking',
        providers: 'compatible',
      });
    });

    it('does not count descriptions, defaults and the order of members', () => {
      const before =
        'description: It is\ntypes:\n  T: { description: One, type: object, required: [a, b], properties: { a: { type: number }, b: { default: 1 } } }\n';
      const after =
        'description: Else\ntypes:\n  T: { type: object, properties: { b: {}, a: { description: Two, type: number } }, required: [b, a], description: Two }\n';
      expect(changes({ 'types/t.yaml': before }, { 'types/t.yaml': after })).to.deep.equal([]);
    });
  });

  describe('of types', () => {
    const types = (values: string): string =>
      `description: It is\ntypes:\n  Mode: { description: It, type: string, enum: [${values}] }\n  Box: { description: It, type: object, properties: { mode: { $ref: /t#/Mode } } }\n`;
    const use = (place: 'cmds' | 'vars' | 'none'): SpecFiles => {
      const schema = '{ description: It, type: object, $ref: /t#/Box }';
      return api(
        place === 'cmds'
          ? { cmds: `{ go: { ${GO}, arguments: { a: ${schema} } } }` }
          : place === 'vars'
            ? { vars: `{ v: ${schema} }` }
            : {},
      );
    };
    for (const [place, who] of [
      ['cmds', 'providers'],
      ['vars', 'consumers'],
      ['none', 'both'],
    ] as const) {
      it(`a value added to an enum used in ${place} breaks ${who}`, () => {
        const found = changes(
          { ...use(place), 'types/t.yaml': types('a') },
          { ...use(place), 'types/t.yaml': types('a, b') },
        );
        expect(found.map((change) => [change.file, change.path, verdict(change)])).to.deep.equal([
          ['types/t', 'types.Mode.enum', who],
        ]);
      });
    }

    it('compares what references lead to when they name different types of the same form', () => {
      const two = `${types('a')}  Other: { description: It, type: string, enum: [a] }\n`;
      const variable = (name: string): SpecFiles => ({
        ...api({ vars: `{ v: { description: It, type: string, $ref: /t#/${name} } }` }),
        'types/t.yaml': two,
      });
      expect(changes(variable('Mode'), variable('Other'))).to.deep.equal([]);
    });

    it('ends on recursive types that were renamed', () => {
      const tree = (name: string): SpecFiles => ({
        ...api({ vars: `{ v: { description: It, type: object, $ref: /t#/${name} } }` }),
        'types/t.yaml': `description: It is\ntypes:\n  ${name}: { description: It, type: object, properties: { next: { $ref: /t#/${name} } } }\n`,
      });
      expect(changes(tree('One'), tree('Two')).map(({ kind }) => kind)).to.have.members([
        'type-added',
        'type-removed',
      ]);
    });
  });

  it('has a case for every rule, and a row in the README', () => {
    const kinds = Object.keys(CHANGE_RULES);
    const tested = new Set<string>([...INTERFACE_CASES, ...SCHEMA_CASES].map(([kind]) => kind));
    expect(kinds.filter((kind) => !tested.has(kind))).to.deep.equal([]);
    for (const readme of ['../README.md', '../../../codegen/README.md']) {
      const text = readFileSync(new URL(readme, import.meta.url), 'utf8');
      expect(
        kinds.filter((kind) => !text.includes(`\`${kind}\``)),
        readme,
      ).to.deep.equal([]);
    }
  });
});

describe('compareInterfaces', () => {
  function version(definition: Json, types: InterfaceVersion['types'] = {}): InterfaceVersion {
    return { name: 'api', definition, types, errors: [] };
  }

  it('works on the data of descriptors', () => {
    const before = version({ cmds: { go: { arguments: { a: { type: 'number', maximum: 3 } } } }, vars: {} });
    const after = version({ cmds: { go: { arguments: { a: { type: 'number', maximum: 2 } } } }, vars: {} });
    expect(compareInterfaces(before, after)).to.deep.equal([
      {
        file: 'interfaces/api',
        path: 'cmds.go.arguments.a.maximum',
        kind: 'range-narrowed',
        message: 'maximum 3 → 2',
        providers: 'compatible',
        consumers: 'breaking',
      },
    ]);
  });

  it('compares the types that both versions use, and no others', () => {
    const vars = { v: { type: 'string', $ref: '/t#/Mode' } };
    const before = version(
      { cmds: {}, vars },
      { '/t': { Mode: { enum: ['a'] }, Unused: {} }, '/gone': { X: {} } },
    );
    const after = version({ cmds: {}, vars }, { '/t': { Mode: { enum: ['a', 'b'] } }, '/new': { Y: {} } });
    expect(compareInterfaces(before, after).map(({ file, kind }) => [file, kind])).to.deep.equal([
      ['types/t', 'enum-value-added'],
    ]);
    expect(compareInterfaces(before, before)).to.deep.equal([]);
  });

  it('takes a result of type null for none', () => {
    const before = version({ cmds: { go: { result: { type: 'null' } } } });
    expect(compareInterfaces(before, version({ cmds: { go: {} } }))).to.deep.equal([]);
  });
});
