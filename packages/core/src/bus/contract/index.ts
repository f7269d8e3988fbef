// SPDX-License-Identifier: Apache-2.0
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import {
  CmdTimeout,
  HandlerException,
  MessageParsingError,
  NotReady,
  SchemaValidationError,
  Shutdown,
  isCallError,
} from '../../exceptions/index.js';
import type { Attachment, Bus, Connection, ConnectionRequest } from '../bus.js';
import { CONTRACT_INTERFACE, Collector, ContractModule, contractError } from './contract-module.js';

/** Two ends of one system; the same bus twice where there is only one process. */
export interface BusSystem {
  readonly provider: Bus;
  readonly consumer: Bus;
  close(): Promise<void>;
}

/** A rule that every bus keeps. */
export interface BusRule {
  readonly title: string;
  /** @throws AssertionError when the bus breaks the rule */
  check(system: BusSystem): Promise<void>;
}

interface Wired {
  readonly module: ContractModule;
  readonly attachment: Attachment;
  readonly collector: Collector;
  readonly connection: Connection;
  connect(changes?: Partial<ConnectionRequest>): Connection;
  settled(): Promise<void>;
}

async function wire(system: BusSystem, changes: Partial<ConnectionRequest> = {}): Promise<Wired> {
  const module = new ContractModule('provider');
  const attachment = system.provider.attach(module);
  const collector = new Collector();
  const connect = (more: Partial<ConnectionRequest> = {}): Connection =>
    system.consumer.connect({
      consumer: 'consumer',
      target: { moduleId: 'provider', implementationId: 'main' },
      interface: CONTRACT_INTERFACE,
      listener: collector,
      ...more,
    });
  const connection = connect(changes);
  const settled = async (): Promise<void> => {
    await system.provider.settled();
    await system.consumer.settled();
  };
  await settled();
  return { module, attachment, collector, connection, connect, settled };
}

const caller = { origin: 'consumer' };

const commandRules: readonly BusRule[] = [
  {
    title: 'carries arguments to the callee and the result back',
    check: async (system) => {
      const { connection } = await wire(system);
      for (const value of [null, 0, -1.5, '', 'ä', true, [1, [2]], { a: { b: [null] } }])
        deepStrictEqual(await connection.command('echo')({ value }, caller), value);
    },
  },
  {
    title: 'tells the callee who calls',
    check: async (system) => {
      const { module, connection } = await wire(system);
      const origins: string[] = [];
      module.handlers['echo'] = (_args, { origin }) => void origins.push(origin);
      await connection.command('echo')({ value: 1 }, caller);
      deepStrictEqual(origins, ['consumer']);
    },
  },
  {
    title: 'answers a command without result with nothing',
    check: async (system) => {
      const { connection } = await wire(system);
      const result = await connection.command('nothing')({}, caller);
      ok(result === null || result === undefined, `got ${String(result)}`);
    },
  },
  {
    title: 'hands on the kind and the text of every error',
    check: async (system) => {
      const { module, connection } = await wire(system);
      for (const error of [
        new HandlerException('disk full'),
        new SchemaValidationError('value is wrong'),
        new CmdTimeout('too late'),
        new NotReady('not yet'),
        new Shutdown('gone'),
        new MessageParsingError('unreadable'),
      ]) {
        module.handlers['echo'] = () => {
          throw error;
        };
        await rejects(
          connection.command('echo')({ value: 1 }, caller),
          (thrown) => isCallError(thrown, error.code) && thrown.message.includes(error.message),
        );
      }
    },
  },
  {
    title: 'turns any other failure into a HandlerException',
    check: async (system) => {
      const { module, connection } = await wire(system);
      module.handlers['echo'] = () => {
        throw new RangeError('off by one');
      };
      await rejects(
        connection.command('echo')({ value: 1 }, caller),
        (thrown) => isCallError(thrown, 'HandlerException') && thrown.message.includes('off by one'),
      );
    },
  },
  {
    title: 'delivers calls of one command in the order they were made',
    check: async (system) => {
      const { module, connection } = await wire(system);
      const seen: unknown[] = [];
      module.handlers['echo'] = (args) => void seen.push(Reflect.get(args, 'value'));
      const echo = connection.command('echo');
      await Promise.all(Array.from({ length: 100 }, (_, value) => echo({ value }, caller)));
      deepStrictEqual(
        seen,
        Array.from({ length: 100 }, (_, value) => value),
      );
    },
  },
  {
    title: 'carries calls of different commands side by side',
    check: async (system) => {
      const { module, connection } = await wire(system);
      let release = (): void => undefined;
      module.handlers['echo'] = () =>
        new Promise<string>((resolve) => {
          release = () => resolve('late');
        });
      const late = connection.command('echo')({ value: 1 }, caller);
      await connection.command('nothing')({}, caller);
      release();
      strictEqual(await late, 'late');
    },
  },
  {
    title: 'answers each call once and to the right caller',
    check: async (system) => {
      const wired = await wire(system);
      const { connection } = wired;
      const other = wired.connect({ consumer: 'other' });
      await wired.settled();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, value) =>
          value % 2 === 0
            ? connection.command('echo')({ value }, caller)
            : other.command('echo')({ value }, { origin: 'other' }),
        ),
      );
      deepStrictEqual(
        results,
        Array.from({ length: 50 }, (_, value) => value),
      );
    },
  },
  {
    title: 'fails a call to a module that is not there within its time',
    check: async (system) => {
      const connection = system.consumer.connect({
        consumer: 'consumer',
        target: { moduleId: 'nobody', implementationId: 'main' },
        interface: CONTRACT_INTERFACE,
        listener: new Collector(),
      });
      await system.consumer.settled();
      const controller = new AbortController();
      const call = connection.command('echo')({ value: 1 }, { ...caller, signal: controller.signal });
      setImmediate(() => controller.abort(new CmdTimeout('no answer')));
      // A bus in one process knows at once; one over a broker leaves it to the caller's patience.
      await rejects(Promise.race([call, aborted(controller.signal)]));
    },
  },
];

const variableRules: readonly BusRule[] = [
  {
    title: 'delivers values of one variable in order and completely',
    check: async (system) => {
      const { attachment, collector } = await wire(system);
      for (let value = 0; value < 500; value += 1) attachment.publish('main', 'number', value);
      await collector.until(({ values }) => values.length === 500);
      deepStrictEqual(
        collector.values.map(([, value]) => value),
        Array.from({ length: 500 }, (_, value) => value),
      );
    },
  },
  {
    title: 'delivers outside of the publisher’s stack',
    check: async (system) => {
      const { attachment, collector } = await wire(system);
      attachment.publish('main', 'number', 1);
      strictEqual(collector.values.length, 0);
      await collector.until(({ values }) => values.length === 1);
    },
  },
  {
    title: 'keeps structure, null and absence',
    check: async (system) => {
      const { attachment, collector } = await wire(system);
      const value = { a: null, b: [1, { c: 'x' }], d: 0.1 };
      attachment.publish('main', 'object', value);
      attachment.publish('main', 'event', null);
      await collector.until(({ values }) => values.length === 2);
      deepStrictEqual(new Map(collector.values).get('object'), value);
      strictEqual(new Map(collector.values).get('event'), null);
    },
  },
  {
    title: 'delivers to every consumer',
    check: async (system) => {
      const wired = await wire(system);
      const { attachment, collector } = wired;
      const second = new Collector();
      wired.connect({ consumer: 'second', listener: second });
      await wired.settled();
      attachment.publish('main', 'number', 7);
      await collector.until(({ values }) => values.length === 1);
      await second.until(({ values }) => values.length === 1);
      deepStrictEqual(second.values, [['number', 7]]);
    },
  },
  {
    title: 'replays nothing to who comes late',
    check: async (system) => {
      const wired = await wire(system);
      const { attachment, collector } = wired;
      attachment.publish('main', 'number', 1);
      await collector.until(({ values }) => values.length === 1);
      const late = new Collector();
      wired.connect({ consumer: 'late', listener: late });
      await wired.settled();
      attachment.publish('main', 'number', 2);
      await late.until(({ values }) => values.length > 0);
      deepStrictEqual(late.values, [['number', 2]]);
    },
  },
  {
    title: 'leaves out variables the consumer ignores',
    check: async (system) => {
      const { attachment, collector } = await wire(system, { ignoredVariables: ['object'] });
      attachment.publish('main', 'object', {});
      attachment.publish('main', 'number', 1);
      await collector.until(({ values }) => values.length > 0);
      deepStrictEqual(collector.values, [['number', 1]]);
    },
  },
  {
    title: 'delivers nothing after the connection was closed',
    check: async (system) => {
      const wired = await wire(system);
      const { attachment, collector, connection } = wired;
      const other = new Collector();
      wired.connect({ consumer: 'other', listener: other });
      await wired.settled();
      await connection.close();
      await wired.settled();
      attachment.publish('main', 'number', 1);
      await other.until(({ values }) => values.length === 1);
      deepStrictEqual(collector.values, []);
    },
  },
];

const errorRules: readonly BusRule[] = [
  {
    title: 'delivers an error unchanged when raised and when cleared',
    check: async (system) => {
      const { attachment, collector } = await wire(system);
      const raised = contractError();
      attachment.error('main', raised);
      attachment.error('main', { ...raised, state: 'ClearedByModule' });
      await collector.until(({ errors }) => errors.length === 2);
      deepStrictEqual(collector.errors, [raised, { ...raised, state: 'ClearedByModule' }]);
    },
  },
  {
    title: 'leaves out errors of a connection that takes none',
    check: async (system) => {
      const { attachment, collector } = await wire(system, { ignoreErrors: true });
      const watching = new Collector();
      system.consumer.connect({
        consumer: 'watching',
        target: { moduleId: 'provider', implementationId: 'main' },
        interface: CONTRACT_INTERFACE,
        listener: watching,
      });
      await system.consumer.settled();
      attachment.error('main', contractError());
      await watching.until(({ errors }) => errors.length === 1);
      deepStrictEqual(collector.errors, []);
    },
  },
  {
    title: 'tells watchers the errors of every module',
    check: async (system) => {
      const watcher = new Collector();
      const { attachment } = await wire(system);
      const watch = system.consumer.watchErrors('watcher', (error) => watcher.error(error));
      await system.consumer.settled();
      attachment.error('main', contractError());
      await watcher.until(({ errors }) => errors.length === 1);
      strictEqual(watcher.errors[0]?.uuid, contractError().uuid);
      watch.unsubscribe();
    },
  },
];

/** What every bus does, whatever carries it. Each rule gets a fresh system, which the caller closes afterwards. */
export const BUS_RULES: readonly BusRule[] = [...commandRules, ...variableRules, ...errorRules];

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

export { CONTRACT_INTERFACE, Collector, ContractModule, contractError };
