// SPDX-License-Identifier: Apache-2.0
import { Module, type Client, type Provided, type RaisedError } from '@carabiner/core';
import { looseDescriptor, looseInterface } from './loose-interface.js';

type Calls = Readonly<Record<string, (args: object) => Promise<unknown>>>;
type AnyClient = Client<Calls, Record<string, unknown>, string>;
type AnyProvided = Provided<Record<string, unknown>, string>;
abstract class TraceModule extends Module<
  Record<string, unknown>,
  Record<string, Record<string, unknown>>,
  Record<string, AnyProvided>,
  Record<string, AnyClient>,
  object
> {}

const PSU_ERRORS = [
  'CommunicationFault',
  'HardwareFault',
  'OverCurrentAC',
  'OverCurrentDC',
  'OverTemperature',
  'OverVoltageAC',
  'OverVoltageDC',
  'UnderTemperature',
  'UnderVoltageAC',
  'UnderVoltageDC',
  'VendorError',
  'VendorWarning',
];
const powerSupply = looseInterface('power_supply_DC', {
  commands: ['setMode', 'setExportVoltageCurrent', 'setImportVoltageCurrent'],
  variables: ['capabilities', 'mode', 'voltage_current'],
  errors: PSU_ERRORS.map((name) => `power_supply_DC/${name}`),
});
const number = (initial: number) =>
  ({ type: 'number', description: '', default: initial, mutability: 'ReadOnly' }) as const;

/** Plays the power supply of the captures. */
export class DCSupplySimulator extends TraceModule {
  static readonly descriptor = looseDescriptor('DCSupplySimulator', {
    provides: {
      main: {
        description: '',
        interface: powerSupply,
        config: {
          bidirectional: { type: 'boolean', description: '', default: true, mutability: 'ReadOnly' },
          max_power: number(150_000),
        },
      },
      powermeter: { description: '', interface: looseInterface('powermeter', {}), config: {} },
    },
  });
  static lastConfig: unknown;
  override readonly implementations = {
    main: {
      setMode: () => undefined,
      setExportVoltageCurrent: () => undefined,
      setImportVoltageCurrent: () => undefined,
    },
    powermeter: {},
  };

  override ready(): void {
    DCSupplySimulator.lastConfig = this.implementationConfig['main'];
    const { publish } = this.provides['main'] as AnyProvided;
    publish['capabilities']?.({
      bidirectional: false,
      current_regulation_tolerance_A: 2,
      peak_current_ripple_A: 2,
      max_export_voltage_V: 900,
      min_export_voltage_V: 200,
      max_export_current_A: 200,
      min_export_current_A: 1,
      max_export_power_W: 150_000,
    });
    publish['mode']?.('Off');
    publish['voltage_current']?.({ voltage_V: 400, current_A: 10 });
  }
}

/** Calls the power supply of the captures, one command after the other until one fails. */
export class CommandLoop extends TraceModule {
  static readonly descriptor = looseDescriptor('CommandLoop', {
    config: {
      calls: { type: 'integer', description: '', default: 0, mutability: 'ReadOnly' },
      mode: { type: 'string', description: '', default: '', mutability: 'ReadOnly' },
    },
    interfaces: { main: looseInterface('example_user', {}) },
    requires: {
      psu: {
        interface: powerSupply,
        minConnections: 1,
        maxConnections: 1,
        ignore: { errors: false, variables: [] },
      },
    },
  });
  static values: (readonly [string, unknown])[] = [];
  static failure: unknown;
  static done: () => void = () => undefined;
  override readonly implementations = { main: {} };

  override init(): void {
    const { subscribe } = this.requires['psu'] as AnyClient;
    for (const name of ['capabilities', 'mode', 'voltage_current'])
      subscribe[name]?.((value) => void CommandLoop.values.push([name, value]));
  }

  override ready(): void {
    this.#work()
      .catch((error: unknown) => {
        CommandLoop.failure = error;
      })
      .finally(() => CommandLoop.done());
  }

  async #work(): Promise<void> {
    const { call } = this.requires['psu'] as AnyClient;
    await call['setExportVoltageCurrent']?.({ voltage: 400, current: 20 });
    await call['setMode']?.({ mode: 'Export', phase: 'Charging' });
    await call['setExportVoltageCurrent']?.({ voltage: 410.5, current: 32 });
    await call['setImportVoltageCurrent']?.({ voltage: 350, current: 10 });
    await call['setMode']?.({ mode: 'Off', phase: 'Other' });
  }
}

const examples = looseInterface('example_error_framework', {
  errors: ['A', 'B', 'C', 'D'].map((letter) => `example/ExampleError${letter}`),
});

/** Raises and clears the errors of the captures. */
export class ExampleErrorRaiser extends TraceModule {
  static readonly descriptor = looseDescriptor('ExampleErrorRaiser', {
    interfaces: { example_raiser: examples },
  });
  override readonly implementations = { example_raiser: {} };

  override ready(): void {
    const { errors } = this.provides['example_raiser'] as AnyProvided;
    const raise = (letter: string, severity: 'Low' | 'Medium' | 'High'): unknown =>
      errors.raise({
        type: `example/ExampleError${letter}`,
        subType: 'some custom sub_type',
        message: 'This error is raised to test the error handling',
        severity,
        vendorId: 'everest',
      });
    raise('A', 'Low');
    errors.clear('example/ExampleErrorA', 'some custom sub_type');
    raise('B', 'High');
    errors.clearAllOf('example/ExampleErrorB');
    raise('C', 'Medium');
    raise('D', 'Medium');
    errors.clearAll();
  }
}

/** Hears every error of the system. */
export class ExampleErrorGlobalSubscriber extends TraceModule {
  static readonly descriptor = looseDescriptor('ExampleErrorGlobalSubscriber', {
    interfaces: { example_global_subscriber: examples },
    enableGlobalErrors: true,
  });
  static readonly heard: RaisedError[] = [];
  override readonly implementations = { example_global_subscriber: {} };

  override init(): void {
    const note = (error: RaisedError): void => void ExampleErrorGlobalSubscriber.heard.push(error);
    this.context.globalErrors?.subscribe('*', { raised: note, cleared: note });
  }
}

const kvs = looseInterface('kvs', { commands: ['store', 'load', 'delete', 'exists'] });

/** Hears every error of the system, and those of its connection anyway. */
export class Watcher extends TraceModule {
  static readonly descriptor = looseDescriptor('Watcher', {
    requires: {
      raiser: {
        interface: examples,
        minConnections: 1,
        maxConnections: 1,
        ignore: { errors: false, variables: [] },
      },
    },
    enableGlobalErrors: true,
  });
  static readonly heard: string[] = [];
  override readonly implementations = {};

  override init(): void {
    const note = ({ type }: RaisedError): void => void Watcher.heard.push(type);
    this.context.globalErrors?.subscribe('*', { raised: note, cleared: note });
  }
}

/** Uses a store, and takes parameters at run time. */
export class Example extends TraceModule {
  static readonly descriptor = looseDescriptor('Example', {
    config: {
      enum_test: { type: 'string', description: '', mutability: 'ReadWrite' },
      log_interval: { type: 'integer', description: '', mutability: 'ReadWrite' },
    },
    provides: {
      example: {
        description: '',
        interface: looseInterface('example', {
          commands: ['uses_something'],
          argumentNames: ['key'],
          variables: ['max_current'],
        }),
        config: {
          current: { type: 'number', description: '', mutability: 'ReadWrite' },
          enum_test: { type: 'string', description: '', mutability: 'ReadWrite' },
          enum_test2: { type: 'integer', description: '', mutability: 'ReadWrite' },
          read_only: { type: 'integer', description: '', mutability: 'ReadOnly' },
        },
      },
      store: { description: '', interface: kvs, config: {} },
    },
    requires: {
      kvs: { interface: kvs, minConnections: 1, maxConnections: 1, ignore: { errors: false, variables: [] } },
    },
    enableExternalMqtt: true,
  });

  override readonly implementations = {
    example: {
      uses_something: async ({ key }: { key: string }) => {
        const { call } = this.requires['kvs'] as AnyClient;
        if ((await call['exists']?.({ key })) === false) await call['store']?.({ key, value: [1, 2, 3] });
        return (await call['exists']?.({ key })) === true && Array.isArray(await call['load']?.({ key }));
      },
    },
    store: { store: () => null, load: () => null, delete: () => null, exists: () => false },
  };

  override async init(): Promise<void> {
    await this.context.externalMqtt?.subscribe('external/a', () => undefined);
    this.context.onConfigChange(
      'current',
      (value) => (Number(value) <= 60 ? 'accepted' : { rejected: 'New value is out of range.' }),
      'example',
    );
    this.context.onConfigChange('log_interval', (value) =>
      Number(value) < 10 ? 'accepted' : 'reboot-required',
    );
  }

  override async ready(): Promise<void> {
    this.provides['example']?.publish['max_current']?.(this.implementationConfig['example']?.['current']);
    await (this.requires['kvs'] as AnyClient).call['store']?.({ key: 'test', value: 'test' });
  }
}

/** Has something to tell of itself. */
export class Teller extends TraceModule {
  static readonly descriptor = { ...looseDescriptor('Teller', {}), enableTelemetry: true };
  override readonly implementations = {};

  override ready(): void {
    this.context.telemetry?.publish('payload', 'livedata', { connector_id: 9, ac_voltage: 230.1 });
  }
}
