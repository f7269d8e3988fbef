// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { systemClock } from '@carabiner/clock';
import { LogBook, MetricsAddressError, type Logger, type RuntimeEvent } from '@carabiner/core';
import { LoopMonitor } from '../../dist/observability/loop-monitor.js';
import { Lines, rejection, settle, withSystem } from '../support/system.js';

describe('logs', () => {
  it('carry the module and the correlation of a chain of calls', async () => {
    let log: Logger | undefined;
    await withSystem(
      {
        hooks: {
          init: (module) => {
            module['log'].info('in init', { port: 7 });
          },
        },
        handlers: {
          add: async ({ amount }) => {
            await settle();
            log?.info(`served ${amount}`);
            return amount;
          },
        },
      },
      async ({ lines, user, counters, clock }) => {
        log = counters[0]!['log'];
        expect(lines.with('in init')[0]).to.include({ module: 'counter', port: 7 });
        const { context, requires } = user.parts;
        const chain = (amount: number): void => {
          context.clock.setTimeout(() => {
            context.log.info(`calling ${amount}`);
            void requires.counter.call.add({ amount });
          }, amount);
        };
        chain(1);
        chain(2);
        await clock.advance(5);
        await settle();
        await settle();
        const id = (message: string): unknown => lines.with(message)[0]!['correlation'];
        expect(id('calling 1')).to.be.a('string').and.to.equal(id('served 1'));
        expect(id('calling 2')).to.equal(id('served 2'));
        expect(id('calling 1')).to.not.equal(id('calling 2'));
      },
    );
  });
  it('have a level for each module that can be changed at run time', () => {
    const lines = new Lines();
    const book = new LogBook({ destination: lines });
    const log = book.of('psu');
    log.debug('hidden');
    book.setLevel('debug', 'psu');
    expect(book.level('psu')).to.equal('debug');
    log.debug('shown', { a: 1 });
    book.of('meter').debug('still hidden');
    book.setLevel('error');
    log.info('hidden again');
    expect(lines.all.map(({ msg, module }) => [msg, module])).to.deep.equal([['shown', 'psu']]);
  });

  it('are JSON on a pipe and readable on demand', () => {
    const text: string[] = [];
    const destination = { write: (line: string) => void text.push(line) };
    new LogBook({ destination, format: 'json' }).of('psu').child({ port: 3 }).warn('low', { v: 1 });
    const pretty = new LogBook({ destination, format: 'pretty' });
    pretty.of('psu').warn('low', { v: 1 });
    expect(text[1]).to.contain('psu: low').and.to.contain('WARN');
    expect(JSON.parse(text[0]!)).to.include({ level: 40, module: 'psu', port: 3, v: 1, msg: 'low' });
  });
});

describe('metrics', () => {
  it('count calls, errors, latency and values of each module', async () => {
    await withSystem(
      {
        handlers: {
          add: ({ amount }) => {
            if (amount < 0) throw new Error('no');
            return amount;
          },
        },
      },
      async ({ requires, runtime, counters }) => {
        await requires.counter.call.add({ amount: 1 });
        await rejection(requires.counter.call.add({ amount: -1 }));
        counters[0]!['provides'].main.publish.total(3);
        expect(() => counters[0]!['provides'].main.publish.total('x' as never)).to.throw();
        counters[0]!['provides'].main.errors.raise({ type: 'counter/Overflow', message: '' });
        requires.counter.subscribe.total(() => {
          throw new Error('no');
        });
        counters[0]!['provides'].main.publish.total(4);
        await settle();
        const text = await runtime.metrics.text();
        const add = 'module="counter",implementation="main",command="add"';
        for (const line of [
          `carabiner_command_calls_total{${add}} 2`,
          `carabiner_command_errors_total{${add}} 1`,
          `carabiner_command_queue_length{${add}} 0`,
          `carabiner_command_duration_seconds_bucket{le="300",${add}} 2`,
          `carabiner_command_duration_seconds_bucket{le="+Inf",${add}} 2`,
          `carabiner_command_duration_seconds_count{${add}} 2`,
          'carabiner_variable_published_total{module="counter",implementation="main",variable="total"} 2',
          'carabiner_variable_refused_total{module="counter",implementation="main",variable="total"} 1',
          'carabiner_module_state{module="counter",state="running"} 1',
          'carabiner_module_state{module="counter",state="failed"} 0',
          'carabiner_module_restarts_total{module="counter"} 0',
          'carabiner_module_handler_failures_total{module="user"} 2',
          'carabiner_errors_active{module="counter",implementation="main"} 1',
        ])
          expect(text.split('\n')).to.include(line);
        expect(await runtime.metrics.text()).to.equal(text);
      },
    );
  });

  it('are served on loopback when the composition says so, and not otherwise', async () => {
    await withSystem({ settings: { metrics: { port: 0 } } }, async ({ runtime }) => {
      const base = `http://127.0.0.1:${runtime.metricsPort}`;
      const response = await fetch(`${base}/metrics`);
      expect(response.headers.get('content-type')).to.contain('text/plain');
      expect(await response.text()).to.contain('carabiner_module_state');
      expect((await fetch(`${base}/`)).status).to.equal(404);
    });
    await withSystem({}, ({ runtime }) => {
      expect(runtime.metricsPort).to.equal(undefined);
    });
  });

  it('that cannot be served end the start', async () => {
    await withSystem({ settings: { metrics: { port: 0 } } }, async ({ runtime }) => {
      const settings = { metrics: { port: runtime.metricsPort } };
      const error = await rejection(withSystem({ settings }, () => undefined));
      expect(error.message).to.contain('EADDRINUSE');
      expect(error).to.be.instanceOf(MetricsAddressError);
      expect(error.message)
        .to.contain(`127.0.0.1:${runtime.metricsPort}`)
        .and.contain('settings.carabiner.metrics');
    });
  });
});

describe('an observer', () => {
  it('hears of values, errors and states', async () => {
    const events: RuntimeEvent[] = [];
    await withSystem({}, async ({ runtime, counters }) => {
      const observation = runtime.observe((event) => void events.push(event));
      counters[0]!['provides'].main.publish.total(3);
      counters[0]!['provides'].main.errors.raise({ type: 'counter/Overflow', message: '' });
      observation.unsubscribe();
      counters[0]!['provides'].main.publish.total(4);
    });
    expect(events[0]).to.deep.equal({
      kind: 'variable',
      moduleId: 'counter',
      implementationId: 'main',
      name: 'total',
      value: 3,
    });
    expect(events[1]).to.deep.include({ kind: 'error' });
    expect(events).to.have.lengthOf(2);
  });
});

describe('an observer that fails', () => {
  it('is no matter of the module that published', async () => {
    await withSystem({}, ({ runtime, counters, lines }) => {
      runtime.observe(() => {
        throw new Error('no');
      });
      counters[0]!['provides'].main.publish.total(3);
      expect(lines.with('an observer failed')).to.have.lengthOf(1);
    });
  });
});

describe('the watch on the event loop', () => {
  it('finds what held it after an await and names what was under way', async () => {
    const reports: { readonly heldMs: number; readonly underWay: readonly string[] }[] = [];
    const monitor = new LoopMonitor(
      systemClock,
      30,
      () => ['psu/main.setMode'],
      (heldMs, underWay) => void reports.push({ heldMs, underWay }),
    );
    monitor.start();
    const end = performance.now() + 200;
    while (performance.now() < end);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (reports.length > 0) resolve();
        else setImmediate(look);
      };
      look();
    });
    monitor.stop();
    expect(reports[0]!.underWay).to.deep.equal(['psu/main.setMode']);
    expect(reports[0]!.heldMs).to.be.greaterThan(30);
  });
});
