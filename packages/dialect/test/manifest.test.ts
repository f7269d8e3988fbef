// SPDX-License-Identifier: Apache-2.0
import { checkManifest, formatFindings, moduleNameOf, YamlSource } from '@carabiner/dialect';
import { expect } from 'chai';

const METADATA = 'metadata: { license: "https://opensource.org/licenses/MIT", authors: [Me] }\n';

function findings(text: string, module = 'Psu'): string[] {
  const result = checkManifest(YamlSource.parse(text, 'm.yaml'), module).findings;
  return formatFindings(result)
    .split('\n')
    .filter((line) => line !== '');
}

describe('checkManifest', () => {
  it('fills in the defaults of the dialect', () => {
    const text = `description: A module
config:
  retries: { description: How often, type: integer, default: 3 }
provides:
  main: { description: It, interface: power_supply_DC, vendor: Acme }
requires:
  meter: { interface: powermeter }
  peers: { interface: kvs, min_connections: 0, max_connections: 4, ignore: { vars: [a, b], errors: true } }
${METADATA}`;
    const { manifest, findings: found } = checkManifest(YamlSource.parse(text, 'm.yaml'), 'Psu');
    expect(found).to.deep.equal([]);
    expect(manifest).to.deep.include({
      module: 'Psu',
      description: 'A module',
      config: { retries: { type: 'integer', description: 'How often', mutability: 'ReadOnly', default: 3 } },
      provides: { main: { description: 'It', interface: 'power_supply_DC', config: {} } },
      requires: {
        meter: {
          interface: 'powermeter',
          minConnections: 1,
          maxConnections: 1,
          ignore: { errors: false, variables: [] },
        },
        peers: {
          interface: 'kvs',
          minConnections: 0,
          maxConnections: 4,
          ignore: { errors: true, variables: ['a', 'b'] },
        },
      },
      enableExternalMqtt: false,
      enableTelemetry: false,
      enableGlobalErrors: false,
    });
  });

  it('finds everything at once', () => {
    const text = `description: x
config:
  bad name!: { description: Name, type: string }
  retries: { description: How often, type: integer, minimum: 0, maximum: 10, default: 11 }
  mode: { description: Mode, typ: string, mutability: ReadWritten }
  share: { description: Share, type: number, minimum: low }
  list: { description: List, type: string, enum: [] }
  text: { description: Text, type: string, pattern: '(' }
provides: {}
requires:
  meter: { interfce: powermeter, min_connections: 2 }
enable_telemetry: yes
capabilities: []
`;
    expect(findings(text)).to.deep.equal([
      "m.yaml:1:1: error: 'metadata' is missing; expected a map with license (URI) and authors (list) [missing-key]",
      'm.yaml:1:14: error: \'description\' is too short: "x" (at description); expected at least 2 characters [too-short]',
      "m.yaml:3:3: error: 'bad name!' cannot be the name of a parameter (at config[\"bad name!\"]); expected a letter or '_', then letters, digits, '_', '.' and '-' [bad-name]",
      "m.yaml:4:87: error: the default of 'retries' is 11 (at config.retries.default); expected an integer from 0 to 10 [bad-default]",
      "m.yaml:5:3: error: 'type' is missing (at config.mode); expected one of boolean, integer, number, string [missing-key]",
      "m.yaml:5:30: error: unknown key 'typ' in parameter 'mode' (at config.mode.typ); expected one of type, description, default, mutability, enum, pattern, required, title, examples, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength; did you mean 'type'? [unknown-key]",
      "m.yaml:5:55: error: 'mutability' is \"ReadWritten\" (at config.mode.mutability); expected one of ReadOnly, ReadWrite, WriteOnly; did you mean 'ReadWrite'? [not-allowed]",
      'm.yaml:6:55: error: \'minimum\' is "low" (at config.share.minimum); expected a number [wrong-type]',
      "m.yaml:7:50: error: 'enum' is [] (at config.list.enum); expected a list of at least one text, number, true or false [wrong-type]",
      'm.yaml:8:53: error: \'pattern\' is "(" (at config.text.pattern); expected an ECMAScript regular expression [bad-pattern]',
      "m.yaml:9:1: error: 'provides' is empty (at provides); expected at least one implementation, or no such key [empty-map]",
      "m.yaml:11:3: error: 'interface' is missing (at requires.meter); expected a text [missing-key]",
      "m.yaml:11:12: error: unknown key 'interfce' in requirement 'meter' (at requires.meter.interfce); expected one of interface, min_connections, max_connections, ignore; did you mean 'interface'? [unknown-key]",
      'm.yaml:11:51: error: min_connections 2 is above max_connections 1 (at requires.meter.min_connections); expected min_connections not above max_connections [empty-range]',
      'm.yaml:12:19: error: \'enable_telemetry\' is a string: "yes" (at enable_telemetry); expected true or false [wrong-type]',
      "m.yaml:13:1: error: unknown key 'capabilities' in a manifest (at capabilities); expected one of description, metadata, config, provides, requires, enable_external_mqtt, enable_telemetry, enable_global_errors [unknown-key]",
    ]);
  });

  it('warns of a required that means nothing', () => {
    const [line] = findings(
      `description: It is\nconfig:\n  a: { description: It, type: string, required: true }\n${METADATA}`,
    );
    expect(line).to.match(/^m\.yaml:3:39: warning: 'required' has no meaning/);
  });

  it('says that no value fits, not that the default does not', () => {
    const text = `description: It is
config:
  a: { description: It, type: integer, minimum: 5, maximum: 4, default: 4 }
  b: { description: It, type: string, minLength: 2, maxLength: 1 }
${METADATA}`;
    expect(findings(text)).to.deep.equal([
      "m.yaml:3:49: error: 'minimum' 5 is above 'maximum' 4: no value fits (at config.a.minimum); expected minimum not above maximum [empty-range]",
      "m.yaml:4:50: error: 'minLength' 2 is above 'maxLength' 1: no value fits (at config.b.minLength); expected minLength not above maxLength [empty-range]",
    ]);
  });

  it('checks the further keywords of a parameter as those of any schema', () => {
    const text = `description: It is
config:
  a: { description: It, type: string, format: ipv4, default: 10.0.0.1 }
  b: { description: It, type: string, format: ipv4, default: 10.0.0.256 }
  c: { description: It, type: string, format: ip }
  d: { description: It, type: integer, oneOf: [{ maximum: 3 }, { minimum: 7 }], default: 5 }
  e: { description: It, type: integer, not: { const: 5 }, $comment: x, readOnly: true, examples: [1] }
  f: { description: It, type: integer, $comment: 1, readOnly: yes, examples: 1 }
  g: { description: It, type: string, anyOf: [{ $ref: /units#/Voltage }] }
  h: { description: It, type: string, $ref: /units#/Voltage }
  i: { description: It, type: string, properties: {}, $id: x }
${METADATA}`;
    const { manifest, findings: found } = checkManifest(YamlSource.parse(text, 'm.yaml'), 'Psu');
    expect(formatFindings(found).split('\n')).to.deep.equal([
      'm.yaml:4:62: error: the default of \'b\' is "10.0.0.256" (at config.b.default); expected a text that conforms to {"format":"ipv4"} [bad-default]',
      'm.yaml:5:47: error: \'format\' is "ip" (at config.c.format); expected one of date-time, date, time, email, hostname, ipv4, ipv6, uri, uuid [unknown-format]',
      'm.yaml:6:90: error: the default of \'d\' is 5 (at config.d.default); expected an integer that conforms to {"oneOf":[{"maximum":3},{"minimum":7}]} [bad-default]',
      "m.yaml:8:50: error: '$comment' is 1 (at config.f.$comment); expected a text [bad-keyword-value]",
      'm.yaml:8:63: error: \'readOnly\' is "yes" (at config.f.readOnly); expected true or false [bad-keyword-value]',
      "m.yaml:8:78: error: 'examples' is 1 (at config.f.examples); expected a list [bad-keyword-value]",
      'm.yaml:9:49: error: the schema of a parameter cannot refer to a type (at config.g.anyOf[0].$ref); expected the schema itself [forbidden-keyword]',
      "m.yaml:10:39: error: unknown key '$ref' in parameter 'h' (at config.h.$ref); expected one of type, description, default, mutability, enum, pattern, required, title, examples, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength [unknown-key]",
      "m.yaml:11:39: warning: 'properties' has no effect on string (at config.i.properties) [ignored-keyword]",
      "m.yaml:11:55: warning: '$id' has no effect in this dialect (at config.i.$id) [ignored-keyword]",
    ]);
    expect(manifest.config['a']).to.deep.include({ default: '10.0.0.1', rules: { format: 'ipv4' } });
    expect(manifest.config['e']).to.deep.include({ rules: { not: { const: 5 } } });
    expect(manifest.config['c']).not.to.have.property('rules');
  });

  it('refuses values of enum that stand twice or are all of another type', () => {
    const text = `description: It is
config:
  a: { description: It, type: string, enum: [x, y, x] }
  b: { description: It, type: string, enum: [1, true] }
  c: { description: It, type: string, enum: [1, x] }
${METADATA}`;
    expect(findings(text)).to.deep.equal([
      'm.yaml:3:52: error: "x" stands twice in \'enum\' (at config.a.enum[2]) [duplicate-value]',
      "m.yaml:4:45: error: no value of 'enum' is of type string: no value fits (at config.b.enum); expected values of type string [empty-enum]",
    ]);
  });

  it('takes no number with a fraction or an exponent where an integer belongs', () => {
    const text = `description: It is
config:
  a: { description: It, type: integer, default: 5.0 }
  b: { description: It, type: number, default: 5.0 }
  c: { description: It, type: string, maxLength: 1e1 }
requires:
  r: { interface: kvs, min_connections: 0.0, max_connections: 1. }
${METADATA}`;
    expect(findings(text)).to.deep.equal([
      "m.yaml:3:49: error: the default of 'a' is 5.0 (at config.a.default); expected an integer [bad-default]",
      "m.yaml:5:50: error: 'maxLength' is 1e1 (at config.c.maxLength); expected an integer not below 0 [wrong-type]",
      "m.yaml:7:41: error: 'min_connections' is 0.0 (at requires.r.min_connections); expected an integer not below 0 [out-of-range]",
      "m.yaml:7:63: error: 'max_connections' is 1. (at requires.r.max_connections); expected an integer not below 1 [out-of-range]",
    ]);
  });

  it('takes keywords of tools', () => {
    const text = `description: It is\nconfig:\n  a: { description: It, type: string, x-group: Serial }\n${METADATA}`;
    expect(findings(text)).to.deep.equal([]);
  });

  it('checks metadata', () => {
    expect(findings('description: It is\nmetadata: { license: MIT, authors: [] }')).to.deep.equal([
      'm.yaml:2:22: error: \'license\' is "MIT" (at metadata.license); expected a URI [bad-uri]',
      "m.yaml:2:36: error: 'authors' is [] (at metadata.authors); expected a list of at least one text [wrong-type]",
    ]);
  });

  it('refuses keys of an implementation that look like parts of an interface', () => {
    const text = `description: It is\nprovides:\n  main: { description: It, interface: kvs, cmds: 1, interfaces: 2, extra: [1] }\n${METADATA}`;
    const codes = findings(text).map((line) => /\[([\w-]+)\]$/.exec(line)?.[1]);
    expect(codes).to.deep.equal(['unknown-key', 'unknown-key', 'wrong-type']);
  });

  it('refuses a module name that a composition cannot hold', () => {
    expect(findings(`description: It is\n${METADATA}`, 'a.b')[0]).to.contain(
      "'a.b' cannot be the name of a module",
    );
  });

  it('says only what the reader says of a file that is no YAML', () => {
    expect(findings('a: [')).to.have.length(1);
  });

  it('says what is wrong with an empty file', () => {
    expect(findings('')).to.deep.equal([
      'm.yaml:1:1: error: the file is empty; expected a manifest with description and metadata [empty-file]',
    ]);
  });
});

describe('moduleNameOf', () => {
  it('takes the name of the file, or of the folder of a manifest.yaml', () => {
    expect(moduleNameOf('a/manifests/AcmePsu.yaml')).to.equal('AcmePsu');
    expect(moduleNameOf('modules/AcmePsu/manifest.yaml')).to.equal('AcmePsu');
  });
});
