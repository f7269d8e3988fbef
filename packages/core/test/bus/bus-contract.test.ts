// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { LocalBus, RoutingBus, type Bus } from '@carabiner/core/bus';
import { BUS_RULES, type BusSystem } from '@carabiner/core/bus-contract';

const systems: { readonly [name: string]: () => BusSystem } = {
  'the local bus': () => {
    const bus = new LocalBus();
    return { provider: bus, consumer: bus, close: () => bus.close() };
  },
  'a routing bus whose provider is elsewhere': () => {
    const far = new LocalBus();
    const consumer = new RoutingBus(new LocalBus(), far, { isLocal: () => false, isExported: () => true });
    return { provider: far, consumer, close: () => consumer.close() };
  },
  'a routing bus with both ends here': () => {
    const bus = new RoutingBus(new LocalBus(), new LocalBus(), {
      isLocal: () => true,
      isExported: () => true,
    });
    return { provider: bus, consumer: bus, close: () => bus.close() };
  },
};

for (const [name, make] of Object.entries(systems))
  describe(`${name} keeps the bus contract`, () => {
    for (const rule of BUS_RULES)
      it(rule.title, async () => {
        const system = make();
        try {
          await rule.check(system);
        } finally {
          await system.close();
        }
      });
  });

describe('the bus contract', () => {
  /** Each entry breaks the bus in one way; at least one rule must notice. */
  const broken: { readonly [flaw: string]: (bus: LocalBus) => Partial<Bus> } = {
    'values are reordered': (bus) => ({
      attach: (module) => {
        const attachment = bus.attach(module);
        const held: (() => void)[] = [];
        return {
          ...attachment,
          publish: (...args) => {
            held.push(() => attachment.publish(...args));
            if (held.length === 1)
              setImmediate(() => {
                for (const send of held.splice(0).reverse()) send();
              });
          },
        };
      },
    }),
    'errors lose their kind': (bus) => ({
      connect: (request) => {
        const connection = bus.connect(request);
        return {
          ...connection,
          command: (name) => async (args, caller) => {
            try {
              return await connection.command(name)(args, caller);
            } catch {
              throw new Error('failed');
            }
          },
        };
      },
    }),
    'errors are not watched': () => ({
      watchErrors: () => ({ unsubscribe: () => {}, [Symbol.dispose]: () => {} }),
    }),
  };
  for (const [flaw, breakIt] of Object.entries(broken))
    it(`notices that ${flaw}`, async () => {
      let noticed = false;
      for (const rule of BUS_RULES) {
        const bus = new LocalBus();
        const flawed = new Proxy(bus, {
          get: (target, key): unknown => {
            const replaced: unknown = Reflect.get(breakIt(target), key);
            if (replaced !== undefined) return replaced;
            const own: unknown = Reflect.get(target, key);
            return typeof own === 'function' ? (own.bind(target) as unknown) : own;
          },
        });
        const outcome = await Promise.race([
          rule.check({ provider: flawed, consumer: flawed, close: () => bus.close() }).then(
            () => 'kept',
            () => 'broken',
          ),
          new Promise<string>((resolve) => setTimeout(() => resolve('broken'), 50)),
        ]);
        noticed ||= outcome === 'broken';
      }
      expect(noticed).to.equal(true);
    });
});
