// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatFindings, hasErrors, readManifest, SpecCache, SpecSet } from '@carabiner/dialect';
import { expect } from 'chai';
import { findingsOf, specsOf, withDirectories } from './spec-directory.js';

const CORPUS = fileURLToPath(new URL('../../../../shared/everest-corpus/', import.meta.url));

const UNITS =
  'description: Units\ntypes:\n  Voltage: { description: A voltage, type: number }\n  Current: { description: A current, type: number }\n';
const FAULTS =
  'description: Faults\nerrors:\n  - { name: FirstFault, description: One }\n  - { name: SecondFault, description: Two }\n';

function variable(schema: string): string {
  return `description: It is\nvars:\n  v: ${schema}\n`;
}

describe('SpecSet', () => {
  it('reads interfaces, types and errors and resolves what they refer to', () => {
    const specs = specsOf({
      'types/units.yaml': UNITS,
      'types/meter.yaml':
        'description: It is\ntypes:\n  Reading: { description: It, type: object, properties: { v: { $ref: /units#/Voltage } } }\n',
      'errors/faults.yaml': FAULTS,
      'interfaces/meter.yaml':
        variable('{ description: It, type: object, $ref: /meter#/Reading }') +
        'errors:\n  - reference: /errors/faults#/SecondFault\n',
    });
    expect(specs.findings).to.deep.equal([]);
    const model = specs.interface('meter');
    expect(model).not.to.equal(undefined);
    expect(specs.typeFilesOf(model!)).to.deep.equal(['meter', 'units']);
    expect(specs.errorsOf(model!)).to.deep.equal([{ type: 'faults/SecondFault', description: 'Two' }]);
  });

  describe('reports', () => {
    const cases: [string, Record<string, string>, string[]][] = [
      [
        'an unresolved type',
        {
          'types/units.yaml': UNITS,
          'interfaces/a.yaml': variable('{ description: It, type: number, $ref: /units#/Volatge }'),
        },
        [
          "specs/interfaces/a.yaml:3:45: error: type file 'units' has no type 'Volatge' (at vars.v.$ref); expected one of Voltage, Current; did you mean '/units#/Voltage'? [unresolved-reference]",
        ],
      ],
      [
        'an unresolved type file',
        {
          'types/units.yaml': UNITS,
          'interfaces/a.yaml': variable('{ description: It, type: number, $ref: /unit#/Voltage }'),
        },
        [
          "specs/interfaces/a.yaml:3:45: error: there is no type file 'unit' (at vars.v.$ref); expected one of units; did you mean '/units#/Voltage'? [unresolved-reference]",
        ],
      ],
      ...['units#/Voltage', '#/Voltage', '/units/Voltage', '/units#Voltage', '/units#/a/b'].map(
        (reference): [string, Record<string, string>, string[]] => [
          `the malformed reference ${reference}`,
          {
            'types/units.yaml': UNITS,
            'interfaces/a.yaml': variable(`{ description: It, type: number, $ref: '${reference}' }`),
          },
          [
            `specs/interfaces/a.yaml:3:45: error: $ref "${reference}" is not a reference to a type (at vars.v.$ref); expected /<file>#/<Type>, for example /units#/Voltage [malformed-reference]`,
          ],
        ],
      ),
      [
        'unresolved and malformed error references, and one that stands twice',
        {
          'errors/faults.yaml': FAULTS,
          'interfaces/a.yaml':
            'description: It is\nerrors:\n  - reference: /errors/faults#/FirstFalt\n  - reference: /errors/fault\n  - reference: /faults\n  - reference: /errors/faults\n  - reference: /errors/faults#/FirstFault\n',
        },
        [
          "specs/interfaces/a.yaml:3:16: error: error file 'faults' has no error 'FirstFalt' (at errors[0].reference); expected one of FirstFault, SecondFault; did you mean '/errors/faults#/FirstFault'? [unresolved-reference]",
          "specs/interfaces/a.yaml:4:16: error: there is no error file 'fault' (at errors[1].reference); expected one of faults; did you mean '/errors/faults'? [unresolved-reference]",
          'specs/interfaces/a.yaml:5:16: error: "/faults" is not a reference to errors (at errors[2].reference); expected /errors/<file> or /errors/<file>#/<Name> [malformed-reference]',
          "specs/interfaces/a.yaml:7:16: error: error 'faults/FirstFault' is referenced twice (at errors[4].reference) [duplicate-error]",
        ],
      ],
      [
        'unknown keys and keywords, with the nearest right one',
        {
          'interfaces/a.yaml':
            'description: It is\ncommands: {}\ncmds:\n  go: { description: Go, argument: {} }\nvars:\n  v: { description: It, type: number, minimun: 1, x-note: fine }\n',
        },
        [
          "specs/interfaces/a.yaml:2:1: error: unknown key 'commands' in an interface file (at commands); expected one of description, cmds, vars, errors [unknown-key]",
          "specs/interfaces/a.yaml:4:26: error: unknown key 'argument' in a command (at cmds.go.argument); expected one of description, arguments, result; did you mean 'arguments'? [unknown-key]",
          "specs/interfaces/a.yaml:6:39: error: unknown keyword 'minimun' in a schema (at vars.v.minimun); expected a keyword of JSON Schema draft-07; did you mean 'minimum'? [unknown-keyword]",
        ],
      ],
      [
        'an empty file',
        { 'types/a.yaml': '# nothing\n' },
        [
          'specs/types/a.yaml:1:1: error: the file is empty; expected a type file with a description [empty-file]',
        ],
      ],
      [
        'a list where a map belongs',
        { 'interfaces/a.yaml': '- 1\n' },
        [
          'specs/interfaces/a.yaml:1:1: error: an interface file is a list; expected a map [wrong-type]',
          "specs/interfaces/a.yaml:1:1: error: 'description' is missing; expected a text [missing-key]",
        ],
      ],
      [
        'an error file with a name that cannot be referenced',
        { 'errors/Bad.yaml': 'description: It is\n' },
        [
          "specs/errors/Bad.yaml:1:1: error: 'Bad' cannot be the name of an error file; expected a small letter, then letters, digits and '_' [bad-name]",
        ],
      ],
      [
        'errors declared twice or badly named',
        {
          'errors/a.yaml':
            'description: It is\nerrors:\n  - { name: Fault, description: It }\n  - { name: Fault, description: It }\n  - { name: fault, description: It }\n',
        },
        [
          "specs/errors/a.yaml:4:13: error: error 'Fault' is declared twice (at errors[1].name) [duplicate-error]",
          "specs/errors/a.yaml:5:13: error: 'fault' is not a valid name (at errors[2].name); expected a capital letter, then at least one letter or digit [bad-name]",
        ],
      ],
      [
        'a type that is only a reference to itself',
        {
          'types/a.yaml':
            'description: It is\ntypes:\n  A: { description: It, type: object, $ref: /a#/A }\n  B: { description: It, type: object, $ref: /a#/A }\n',
        },
        [
          "specs/types/a.yaml:3:45: error: type 'A' refers to itself: /a#/A → /a#/A (at types.A.$ref); expected a reference that ends at a schema of its own [circular-reference]",
        ],
      ],
      [
        'types that lead to each other by references alone, across files and alternatives',
        {
          'types/a.yaml':
            'description: It is\ntypes:\n  A: { description: It, type: object, anyOf: [{ type: string }, { $ref: /b#/B }] }\n',
          'types/b.yaml': 'description: It is\ntypes:\n  B: { description: It, type: object, $ref: /a#/A }\n',
        },
        [
          "specs/types/b.yaml:3:45: error: type 'A' refers to itself: /a#/A → /b#/B → /a#/A (at types.B.$ref); expected a reference that ends at a schema of its own [circular-reference]",
        ],
      ],
      [
        'nothing of a type that holds itself',
        {
          'types/a.yaml':
            'description: It is\ntypes:\n  A: { description: It, type: object, properties: { allOf: { $ref: /a#/A }, b: { type: array, items: { $ref: /a#/B } } } }\n  B: { description: It, type: object, $ref: /a#/A }\n',
        },
        [],
      ],
      [
        'names of files that nothing can refer to',
        {
          'interfaces/1abc.yaml': 'description: It is\n',
          'types/1abc.yaml': 'description: It is\n',
        },
        [
          "specs/interfaces/1abc.yaml:1:1: error: '1abc' cannot be the name of an interface; expected a letter or '_', then letters, digits, '_', '.' and '-' [bad-name]",
          "specs/types/1abc.yaml:1:1: error: '1abc' cannot be the name of a type file; expected a letter or '_', then letters, digits, '_', '.' and '-' [bad-name]",
        ],
      ],
    ];
    for (const [name, files, expected] of cases) {
      it(name, () => {
        expect(findingsOf(files)).to.have.members(expected);
      });
    }
  });

  describe('checks schemas', () => {
    const cases: [string, string, string][] = [
      ['{ description: It }', 'missing-key', "'type' is missing in the schema of this variable"],
      ['{ type: string }', 'missing-key', "'description' is missing"],
      ['{ type: null, description: It }', 'unknown-type', 'write "null" with quotes'],
      ['{ type: int, description: It }', 'unknown-type', "did you mean 'integer'"],
      ['{ type: [string, string], description: It }', 'unknown-type', 'a list of different ones'],
      [
        '{ type: string, description: It, default: x }',
        'forbidden-keyword',
        "'default' is not allowed for a variable",
      ],
      ['{ type: string, description: It, qos: 3 }', 'out-of-range', '0, 1 or 2'],
      ['{ type: string, description: It, pattern: "(" }', 'bad-keyword-value', 'regular expression'],
      ['{ type: string, description: It, minLength: -1 }', 'bad-keyword-value', 'an integer not below 0'],
      ['{ type: string, description: It, maxLength: 1.5 }', 'bad-keyword-value', 'an integer not below 0'],
      ['{ type: number, description: It, minimum: "1" }', 'bad-keyword-value', 'a number'],
      ['{ type: number, description: It, multipleOf: 0 }', 'bad-keyword-value', 'above 0'],
      ['{ type: number, description: It, minimum: 3, maximum: 2 }', 'empty-range', 'no value fits'],
      ['{ type: string, description: It, enum: [] }', 'bad-keyword-value', 'at least one value'],
      ['{ type: string, description: It, enum: [a, b, a] }', 'duplicate-value', 'stands twice'],
      ['{ type: string, description: It, format: datetime }', 'unknown-format', "did you mean 'date-time'"],
      ['{ type: array, description: It, items: 5 }', 'wrong-type', 'a schema is an integer'],
      ['{ type: array, description: It, uniqueItems: 1 }', 'bad-keyword-value', 'true or false'],
      ['{ type: object, description: It, properties: [] }', 'bad-keyword-value', 'a map of schemas'],
      ['{ type: object, description: It, required: yes }', 'bad-keyword-value', 'a list of names'],
      [
        '{ type: object, description: It, additionalProperties: false, properties: { one: {} }, required: [on] }',
        'unknown-property',
        "did you mean 'one'",
      ],
      [
        '{ type: object, description: It, patternProperties: { "(": {} } }',
        'bad-keyword-value',
        'is not a regular expression',
      ],
      ['{ type: object, description: It, anyOf: [] }', 'bad-keyword-value', 'at least one schema'],
      [
        '{ type: object, description: It, properties: { one: { typ: string } } }',
        'unknown-keyword',
        "did you mean 'type'",
      ],
      ['{ type: number, description: It, $defs: {} }', 'unknown-keyword', "'$defs'"],
      ['{ type: number, description: It, constructor: 1 }', 'unknown-keyword', "'constructor'"],
      ['{ type: number, description: It, maximum: 1e999 }', 'number-range', '64 bits'],
      ['{ type: string, description: It, maxLength: 5.0 }', 'bad-keyword-value', "'maxLength' is 5.0"],
      ['{ type: string, description: It, qos: 1.0 }', 'out-of-range', "'qos' is 1.0"],
      ['{ type: string, description: It, enum: [1, true] }', 'empty-enum', 'no value fits'],
      ['{ type: object, description: It, required: [a, a] }', 'duplicate-value', "twice in 'required'"],
      ['{ type: string, description: It, examples: x }', 'bad-keyword-value', 'expected a list'],
      ['{ type: string, description: It, $comment: 1 }', 'bad-keyword-value', 'expected a text'],
      ['{ type: string, description: It, readOnly: yes }', 'bad-keyword-value', 'true or false'],
    ];
    for (const [schema, code, text] of cases) {
      it(`${schema} → ${code}`, () => {
        const lines = findingsOf({ 'interfaces/a.yaml': variable(schema) });
        expect(lines).to.have.length(1);
        expect(lines[0]).to.match(/^specs\/interfaces\/a\.yaml:3:\d+: error: /);
        expect(lines[0]).to.contain(`[${code}]`).and.contain(text);
      });
    }

    it('checks what stands beside a reference, and warns that it has no effect', () => {
      const beside = (text: string): string[] =>
        findingsOf({
          'types/units.yaml': UNITS,
          'interfaces/a.yaml': variable(`{ ${text}, $ref: /units#/Voltage }`),
        }).map((line) => /(error|warning): .*\[([\w-]+)\]$/.exec(line)?.slice(1).join(' ') ?? line);
      expect(beside('description: 5, type: number')).to.deep.equal(['error bad-keyword-value']);
      expect(beside('description: It, type: strnig')).to.deep.equal(['error unknown-type']);
      const wrong = ['maxLength: abc', 'properties: x', 'enum: []', 'items: [{ type: strnig }]'];
      for (const text of wrong) {
        const found = beside(`description: It, type: string, ${text}`);
        expect(found, text).to.include('warning ignored-keyword').and.to.have.length(2);
        expect(found.join(), text).to.match(/error (bad-keyword-value|unknown-type)/);
      }
      // What has no effect need not lead anywhere.
      expect(beside('description: It, type: array, items: { $ref: /nowhere#/Type }')).to.deep.equal([
        'warning ignored-keyword',
      ]);
    });

    it('warns of what draft-07 has and this dialect does not use', () => {
      const schema =
        '{ type: number, description: It, $id: a, $schema: b, definitions: { A: { $ref: /nowhere#/Type } } }';
      const lines = findingsOf({ 'interfaces/a.yaml': variable(schema) });
      expect(lines).to.have.length(3);
      for (const line of lines)
        expect(line).to.match(/warning: '.*' has no effect in this dialect .*\[ignored-keyword\]/);
      const wrong = '{ type: number, description: It, $id: 1, $schema: 2, definitions: 3 }';
      expect(findingsOf({ 'interfaces/a.yaml': variable(wrong) })).to.have.length(6);
    });

    it('takes an event without payload as a variable, not as an argument or result', () => {
      expect(
        findingsOf({ 'interfaces/a.yaml': variable('{ type: "null", description: It }') }),
      ).to.deep.equal([]);
      const text =
        'description: It is\ncmds:\n  go:\n    description: Go\n    arguments: { a: { type: "null", description: It } }\n    result: { type: "null", description: It }\n';
      const codes = findingsOf({ 'interfaces/a.yaml': text }).map((line) => /\[([\w-]+)\]$/.exec(line)?.[1]);
      expect(codes).to.deep.equal(['null-type', 'null-type']);
    });

    it('warns of keywords that have no effect', () => {
      const lines = findingsOf({
        'types/units.yaml': UNITS,
        'interfaces/a.yaml':
          'description: It is\nvars:\n  a: { description: It, type: string, maximum: 3 }\n  b: { description: It, type: object, $ref: /units#/Voltage, minimum: 1 }\n',
      });
      expect(lines).to.deep.equal([
        "specs/interfaces/a.yaml:3:39: warning: 'maximum' has no effect on string (at vars.a.maximum) [ignored-keyword]",
        "specs/interfaces/a.yaml:4:62: warning: 'minimum' has no effect beside $ref (at vars.b.minimum) [ignored-keyword]",
      ]);
    });
  });

  describe('with several directories', () => {
    it('adds later ones to earlier ones', () => {
      const specs = specsOf(
        { 'types/units.yaml': UNITS },
        { 'interfaces/a.yaml': variable('{ description: It, type: number, $ref: /units#/Voltage }') },
      );
      expect(specs.findings).to.deep.equal([]);
      expect([...specs.names('types'), ...specs.names('interfaces')]).to.deep.equal(['units', 'a']);
    });

    it('takes the same content twice, whatever its layout', () => {
      expect(
        findingsOf({ 'types/units.yaml': UNITS }, { 'types/units.yaml': `# same\n${UNITS}` }),
      ).to.deep.equal([]);
    });

    it('refuses different content under one name', () => {
      expect(
        findingsOf({ 'types/units.yaml': UNITS }, { 'types/units.yaml': UNITS.replace('number', 'integer') }),
      ).to.deep.equal([
        "specs1/types/units.yaml:1:1: error: 'units' is defined with different content in specs0/types/units.yaml; expected one definition for each name [name-clash]",
      ]);
    });

    it('refuses names that differ by case only', () => {
      const [line] = findingsOf({ 'types/units.yaml': UNITS, 'types/deeper/Units.yaml': UNITS });
      expect(line).to.contain('differs from specs/types/').and.contain('[name-clash]');
    });

    it('names a directory that does not exist or holds nothing', () => {
      expect(formatFindings(SpecSet.read([{ path: '/nowhere' }]).findings)).to.equal(
        '/nowhere:1:1: error: the directory does not exist; expected a directory with interfaces/, types/ or errors/ [missing-directory]',
      );
      expect(findingsOf({ 'other/a.yaml': '' })[0]).to.contain('[no-specs]');
    });

    it('warns of a file with another ending', () => {
      expect(findingsOf({ 'types/units.yaml': UNITS, 'types/more.yml': UNITS })).to.deep.equal([
        "specs/types/more.yml:1:1: warning: the file is not read: its name must end in '.yaml' [ignored-file]",
      ]);
    });

    it('reads lazy ones only when something refers to them', () => {
      const broken = 'description: [';
      withDirectories(
        [
          { 'types/units.yaml': UNITS, 'types/broken.yaml': broken },
          { 'interfaces/a.yaml': variable('{ description: It, type: number, $ref: /units#/Voltage }') },
        ],
        ([library = '', own = '']) => {
          const specs = SpecSet.read([{ path: library, lazy: true }, { path: own }]);
          expect(specs.findings).to.deep.equal([]);
          expect(specs.names('types')).to.deep.equal(['broken', 'units']);
          specs.typeFile('broken');
          expect(hasErrors(specs.findings)).to.equal(true);
        },
      );
    });
  });

  it('reads only changed files again when it has a cache', () => {
    withDirectories([{ 'types/units.yaml': UNITS, 'types/more.yaml': UNITS }], ([path = '']) => {
      const cache = new SpecCache();
      const first = SpecSet.read([{ path }], cache);
      const second = SpecSet.read([{ path }], cache);
      expect(second.typeFile('units')).to.equal(first.typeFile('units'));
      expect(SpecSet.read([{ path }]).typeFile('units')).not.to.equal(first.typeFile('units'));
    });
  });
});

describe("EVerest's files", () => {
  before(function () {
    if (!existsSync(CORPUS)) this.skip();
  });

  it('have no error', () => {
    const specs = SpecSet.read([{ path: CORPUS }]);
    expect(formatFindings(specs.findings.filter(({ severity }) => severity === 'error'))).to.equal('');
    const models = specs.names('interfaces').map((name) => specs.interface(name)!);
    const commands = models.flatMap((model) => Object.values(model.commands));
    expect([models.length, specs.names('types').length, specs.names('errors').length]).to.deep.equal([
      52, 32, 12,
    ]);
    expect(commands).to.have.length(169);
    expect(commands.flatMap((command) => Object.keys(command.arguments))).to.have.length(176);
    expect(models.flatMap((model) => Object.keys(model.variables))).to.have.length(139);
    const types = specs.names('types').flatMap((name) => Object.keys(specs.typeFile(name)!.types));
    expect(types).to.have.length(321);
    const errors = specs.names('errors').flatMap((name) => Object.keys(specs.errorFile(name)!.errors));
    expect(errors).to.have.length(86);
  });

  it('keep texts that YAML 1.1 would read as booleans', () => {
    const { manifest } = readManifest(`${CORPUS}manifests/DoldRN5893.yaml`);
    expect(manifest.config['broken_wire_detect']).to.deep.include({
      enum: ['ON', 'OFF', 'ONLY_DURING_SELF_TEST'],
      default: 'ON',
    });
  });
});
