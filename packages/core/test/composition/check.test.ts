// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@carabiner/dialect';
import { expect } from 'chai';
import {
  CompositionSource,
  ModuleResolver,
  checkComposition,
  readComposition,
  type RunConfiguration,
} from '@carabiner/core/composition';
import { Counter, CounterDescriptor, CounterModule, UserModule } from '../support/modules.js';

class NamedModule extends CounterModule {
  static override readonly descriptor = {
    ...CounterDescriptor,
    module: 'NamedModule',
    config: {
      name: { type: 'string', description: 'a name', mutability: 'ReadOnly', enum: ['north', 'south'] },
      ...CounterDescriptor.config,
    },
    provides: {
      ...CounterDescriptor.provides,
      other: { description: 'x', interface: { ...Counter, name: 'other' }, config: {} },
    },
  } as const;
}

function check(text: string): {
  readonly findings: readonly Finding[];
  readonly configuration: RunConfiguration;
} {
  const source = CompositionSource.parse(text, 'charger.yaml');
  const { configuration, findings } = readComposition(source);
  const resolver = new ModuleResolver({ CounterModule, UserModule, NamedModule }, '/nonexistent');
  return {
    configuration,
    findings: [...findings, ...checkComposition(configuration, resolver, source).findings],
  };
}

/** `line:column severity code [suggestion]` of each finding. */
function summary(text: string): readonly string[] {
  return check(text).findings.map(
    ({ line, column, severity, code, suggestion }) =>
      `${line}:${column} ${severity} ${code}${suggestion === undefined ? '' : ` → ${suggestion}`}`,
  );
}

const user = `
  user:
    module: UserModule
    connections:
      counter: [{ module_id: counter, implementation_id: main }]`;

describe('the check of a composition', () => {
  it('accepts a good one', () => {
    expect(
      summary(`active_modules:
  counter:
    module: CounterModule
    config_module: { step: 3 }${user}
`),
    ).to.deep.equal([]);
  });

  const cases: { readonly [title: string]: readonly [text: string, ...findings: string[]] } = {
    'an unknown top-level key': ['modules: {}', '1:1 error unknown-key'],
    'an unknown module': [
      `active_modules:
  counter:
    module: CounterModul${user}`,
      '3:13 error unknown-module → CounterModule',
    ],
    'a port of metrics that is none': [
      `settings: { carabiner: { metrics: { port: 99999 } } }
active_modules: {}`,
      '1:43 error out-of-range',
    ],
    'a module without a name': ['active_modules:\n  a: {}', '2:3 error missing-key'],
    'a value of the wrong type': [
      `active_modules:
  counter:
    module: CounterModule
    config_module:
      step: "3"${user}`,
      '5:13 error wrong-type',
    ],
    'a value out of its range': [
      `active_modules:
  counter:
    module: CounterModule
    config_module:
      step: 11${user}`,
      '5:13 error out-of-range',
    ],
    'a value that is not among the allowed ones': [
      `active_modules:
  counter:
    module: NamedModule
    config_module:
      name: nort${user}`,
      '5:13 error not-allowed → north',
    ],
    'a missing value': [
      `active_modules:
  counter:
    module: NamedModule${user}`,
      '2:3 error missing-parameter',
    ],
    'an unknown parameter': [
      `active_modules:
  counter:
    module: CounterModule
    config_module:
      stepp: 1${user}`,
      '5:7 warning unknown-parameter → step',
    ],
    'a list as a value': [
      `active_modules:
  counter:
    module: CounterModule
    config_module:
      step: [1]${user}`,
      '5:13 error wrong-type',
    ],
    'configuration of an implementation that is not there': [
      `active_modules:
  counter:
    module: CounterModule
    config_implementation:
      mian: {}${user}`,
      '5:7 error unknown-implementation → main',
    ],
    'an unknown requirement': [
      `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule
    connections:
      counter: [{ module_id: counter, implementation_id: main }]
      sparee: [{ module_id: counter, implementation_id: main }]`,
      '7:7 error unknown-requirement → spare',
    ],
    'a requirement without its connection': [
      `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule`,
      '3:3 error connection-count → counter/main',
      '2:3 warning unused-module',
    ],
    'an empty list of connections': [
      `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule
    connections:
      counter: []`,
      '6:7 error connection-count → counter/main',
      '2:3 warning unused-module',
    ],
    'too many connections': [
      `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule
    connections:
      counter:
        - { module_id: counter, implementation_id: main }
        - { module_id: counter, implementation_id: main }`,
      '6:7 error connection-count',
      '8:11 warning duplicate-connection',
    ],
    'a connection to a module that is not there': [
      `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule
    connections:
      counter: [{ module_id: conter, implementation_id: main }]`,
      '6:30 error unknown-module-id → counter',
      '2:3 warning unused-module',
    ],
    'a connection to an implementation that is not there': [
      `active_modules:
  counter: { module: CounterModule }
  user:
    module: UserModule
    connections:
      counter: [{ module_id: counter, implementation_id: mein }]`,
      '6:58 error unknown-implementation → main',
    ],
    'a connection to another interface': [
      `active_modules:
  counter: { module: NamedModule, config_module: { name: north } }
  user:
    module: UserModule
    connections:
      counter: [{ module_id: counter, implementation_id: other }]`,
      '6:17 error interface-mismatch → counter/main',
    ],
    'a mapping of an implementation that is not there': [
      `active_modules:
  counter:
    module: CounterModule
    mapping: { module: { evse: 1 }, implementations: { mein: { evse: 1 } } }${user}`,
      '4:56 warning unknown-implementation → main',
    ],
    'an implementation’s mapping without EVSE': [
      `active_modules:
  counter:
    module: CounterModule
    mapping: { implementations: { main: { connector: 1 } } }${user}`,
      '4:35 error missing-key',
    ],
    'a module nobody uses': ['active_modules:\n  c: { module: CounterModule }', '2:3 warning unused-module'],
    'an unknown policy': [
      `active_modules:
  counter: { module: CounterModule, restart: always }${user}`,
      '2:46 error not-allowed',
    ],
    'an unknown setting': [
      'settings: { carabiner: { validatio: all } }',
      '1:26 error unknown-key → validation',
    ],
    'a setting out of its choices': [
      'settings: { carabiner: { validation: some } }',
      '1:38 error not-allowed',
    ],
    'a broker named twice': [
      'settings: { mqtt_broker_socket_path: /x, mqtt_broker_host: y }',
      '1:42 error contradiction',
    ],
    'equal prefixes': [
      'settings: { mqtt_everest_prefix: a, mqtt_external_prefix: a }',
      '1:59 error contradiction',
    ],
    'prefixes that are equal with the slash': [
      'settings: { mqtt_external_prefix: everest/ }',
      '1:35 error contradiction',
    ],
    'an integer written with a fraction or an exponent': [
      `settings: { mqtt_broker_port: 1883.0 }
active_modules:
  counter:
    module: CounterModule
    config_module: { step: 1e0 }
    mapping: { module: { evse: 1.0 } }${user}`,
      '1:31 error out-of-range',
      '6:32 error out-of-range',
      '5:28 error wrong-type',
    ],
    'telemetry without id': [
      `active_modules:
  counter: { module: CounterModule, telemetry: {} }${user}`,
      '2:37 error missing-key',
    ],
    'further keys that EVerest lets through': [
      `active_modules:
  counter:
    module: CounterModule
    telemetry: { id: 1, name: x }
    mapping: { module: { evse: 1, phase: 2 }, implementations: { main: { evse: 1, phase: 2 } } }${user}`,
      '5:83 warning unknown-key',
      '4:25 warning unknown-key',
      '5:35 warning unknown-key',
    ],
    'a negative EVSE': [
      `active_modules:
  counter: { module: CounterModule, mapping: { module: { evse: -1 } } }${user}`,
      '2:64 error out-of-range',
    ],
  };

  for (const [title, [text, ...findings]] of Object.entries(cases))
    it(`finds ${title}`, () => {
      expect(summary(text)).to.deep.equal(findings);
    });

  it('finds everything in one pass, and says what was expected', () => {
    const { findings } = check(`active_modules:
  counter:
    module: CounterModule
    config_module: { step: 11 }
  user:
    module: UserModule
    connections:
      counter: [{ module_id: nobody, implementation_id: main }]
      spare: [{ module_id: counter, implementation_id: no }]
`);
    expect(findings.map(({ code }) => code)).to.deep.equal([
      'out-of-range',
      'unknown-module-id',
      'unknown-implementation',
    ]);
    expect(findings[0]).to.include({ file: 'charger.yaml', expected: 'an integer from 0 to 10' });
  });

  it('does not repeat the value of a write-only parameter', () => {
    class Secretive extends CounterModule {
      static override readonly descriptor = {
        ...CounterDescriptor,
        config: { key: { type: 'integer', description: 'a key', mutability: 'WriteOnly' } },
      } as unknown as typeof CounterDescriptor;
    }
    const source = CompositionSource.of({
      active_modules: { a: { module: 'Secretive', config_module: { key: 'hush' } } },
    });
    const { configuration } = readComposition(source);
    const resolver = new ModuleResolver({ Secretive }, '/nonexistent');
    const { findings } = checkComposition(configuration, resolver, source);
    expect(findings.map(({ code }) => code)).to.include('wrong-type');
    expect(JSON.stringify(findings)).to.not.contain('hush');
  });

  it('is not misled by names that every object inherits', () => {
    const constructor = { interface: Counter, minConnections: 1, maxConnections: 1 };
    class Odd extends UserModule {
      static override readonly descriptor = {
        ...UserModule.descriptor,
        config: { hasOwnProperty: { type: 'string', description: 'It', mutability: 'ReadOnly' } },
        provides: { valueOf: { ...CounterDescriptor.provides['main']! } },
        requires: { constructor, toString: { ...constructor, minConnections: 0 } },
      } as unknown as typeof UserModule.descriptor;
    }
    const source = CompositionSource.of({ active_modules: { a: { module: 'Odd' } } });
    const { configuration } = readComposition(source);
    const { findings } = checkComposition(configuration, new ModuleResolver({ Odd }, '/nowhere'), source);
    expect(findings.map(({ code, severity }) => `${severity} ${code}`)).to.deep.equal([
      'error missing-parameter',
      'error connection-count',
      'warning unused-module',
    ]);
  });

  it('warns of a module connected to itself and lets it run', () => {
    class Selfish extends UserModule {
      static override readonly descriptor = {
        ...UserModule.descriptor,
        module: 'Selfish',
        provides: CounterDescriptor.provides,
      };
    }
    const source = CompositionSource.of({
      active_modules: {
        a: { module: 'Selfish', connections: { counter: [{ module_id: 'a', implementation_id: 'main' }] } },
      },
    });
    const { configuration } = readComposition(source);
    const { findings } = checkComposition(
      configuration,
      new ModuleResolver({ Selfish }, '/nonexistent'),
      source,
    );
    expect(findings.map(({ code, severity }) => `${severity} ${code}`)).to.deep.equal([
      'warning self-connection',
    ]);
  });

  it('takes the last of a key that is given twice, as EVerest does, and warns', () => {
    const { configuration, findings } = check(`active_modules:
  counter:
    module: NamedModule
    config_module:
      name: north
    module: CounterModule
    config_module:
      step: 2${user}
`);
    expect(configuration.modules[0]).to.deep.include({ module: 'CounterModule', configModule: { step: 2 } });
    expect(findings.map(({ line, severity, code }) => `${line} ${severity} ${code}`)).to.deep.equal([
      '3 warning duplicate-key',
      '4 warning duplicate-key',
    ]);
  });

  it('warns of a composition without modules, and says what to do', () => {
    expect(summary('')).to.deep.equal(['1:1 warning no-modules']);
    expect(summary('active_modules: {}\n')).to.deep.equal(['1:1 warning no-modules']);
    expect(check('active_modules: {}\n').findings[0]?.expected).to.contain("below 'active_modules'");
  });

  it('refuses a module id that is given twice, naming both places', () => {
    const { findings } = check(`active_modules:
  counter:
    module: CounterModule
  counter:
    module: CounterModule${user}
`);
    const errors = findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ line, column, code }) => `${line}:${column} ${code}`)).to.deep.equal([
      '2:3 duplicate-module',
    ]);
    expect(errors[0]!.message).to.match(/^module id 'counter' is given again at .+:4:3$/);
  });

  it('fills in defaults for what is not said', () => {
    const { configuration } = check('');
    expect(configuration.modules).to.deep.equal([]);
    expect(configuration.settings.carabiner).to.include({
      validation: 'all',
      callTimeoutMs: 300_000,
      logLevel: 'info',
      metrics: undefined,
      externalMqtt: undefined,
    });
  });
});
